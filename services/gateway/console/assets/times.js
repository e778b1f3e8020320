// Countdowns: the server says when, in business time; this says how long that is from now.

let ahead = 0; // milliseconds that business time is ahead of this machine's clock
let off = 0; // milliseconds that the server's real time is ahead of it

export function setNow(body) {
  const now = Date.parse(body.dataset.now);
  if (!Number.isNaN(now)) ahead = now - Date.now();
  const real = Date.parse(body.dataset.real);
  if (!Number.isNaN(real)) off = real - Date.now();
}

export function businessNow() {
  return Date.now() + ahead;
}

export function left(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const said = span(seconds);
  if (milliseconds >= 0) return seconds < 1 ? "now" : `in ${said}`;
  return seconds < 60 ? "due now" : `${said} ago`;
}

function span(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days >= 3) return `${days} d`;
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  return minutes ? `${minutes} min` : `${seconds} s`;
}

// As the server says it (desk/words.py): due in 1 h 5 min, overdue by 12 min.
export function sayDue(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  return milliseconds > 0 ? `due in ${span(seconds)}` : `overdue by ${span(seconds)}`;
}

const SOON = 3600_000;

function countDown(now) {
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const left = Date.parse(element.dateTime) - now;
    const said = sayDue(left);
    if (element.textContent !== said) element.textContent = said;
    const around = element.closest("[data-due]");
    if (!around) continue;
    mark(around, "data-late", left <= 0);
    mark(around, "data-soon", left > 0 && left < SOON);
  }
}

// As the server says it (integrations/words.py): how long ago something was. What comes from outside goes by real time.
function countUp(now, realNow) {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const since = Date.parse(element.dateTime);
    const said = sayAgo((element.dataset.ago === "business" ? now : realNow) - since);
    if (element.textContent !== said) element.textContent = said;
  }
}

export function sayAgo(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < -59) return `in ${span(-seconds)}`;
  return seconds < 1 ? "just now" : `${span(seconds)} ago`;
}

function mark(element, name, wanted) {
  if (element.hasAttribute(name) !== wanted) element.toggleAttribute(name, wanted);
}

export function tick() {
  const now = businessNow();
  countDown(now);
  countUp(now, Date.now() + off);
  for (const element of document.querySelectorAll("time[data-live]")) {
    const said = left(Date.parse(element.dateTime) - now);
    if (element.dataset.left !== said) element.dataset.left = said;
  }
  const clock = document.querySelector("#clock time");
  if (clock) {
    const said = wallTime(now);
    if (clock.textContent !== said) {
      clock.textContent = said;
      clock.dateTime = new Date(now).toISOString();
    }
  }
}

// As the server writes it: Mon 2 Mar 2026, 09:00.
function wallTime(instant) {
  const options = {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
    hourCycle: "h23", timeZone: document.body.dataset.zone || "UTC",
  };
  const part = Object.fromEntries(
    new Intl.DateTimeFormat("en-US", options).formatToParts(instant).map(({ type, value }) => [type, value]),
  );
  return `${part.weekday} ${part.day} ${part.month} ${part.year}, ${part.hour}:${part.minute}`;
}
