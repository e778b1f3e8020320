// Keys of the ticket pages. Single letters can be turned off (WCAG 2.1.4); everything is reachable without them.

import { show } from "./dialogs.js";

const KEPT = "glidepath.keys";
const WITHIN = 1200; // milliseconds between the two keys of "g q"
const dialog = document.getElementById("dialog");

let lead = 0; // when "g" was pressed

export function installKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", count);
  dialog.addEventListener("filled", offerSwitch);
  offerSwitch();
  count();
}

function on() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

function offerSwitch() {
  for (const button of document.querySelectorAll("[data-keys-switch]")) {
    button.hidden = false;
    button.textContent = on() ? "Turn these keys off" : "Turn these keys on";
    button.onclick = () => {
      try {
        localStorage.setItem(KEPT, on() ? "off" : "on");
      } catch { /* a browser that keeps nothing has the keys on */ }
      offerSwitch();
    };
  }
}

function onKey(event) {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
  if (dialog.open || event.target.closest("input, textarea, select, [contenteditable]") || !on()) return;
  const act = afterLead() ? WHERE[event.key] : KEYS[event.key];
  lead = event.key === "g" && !afterLead() ? event.timeStamp : 0;
  if (act && act(event) !== false) event.preventDefault();

  function afterLead() {
    return lead && event.timeStamp - lead < WITHIN;
  }
}

const WHERE = {
  q: () => location.assign("/tickets"),
  r: () => location.assign("/"),
  p: () => location.assign("/policies"),
};

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => here()?.querySelector("a.subject").click() ?? false,
  x: () => here()?.querySelector("input[type=checkbox]")?.click() ?? false,
  r: () => focus("reply"),
  "/": () => focus("search"),
  "?": () => help(),
};

function rows() {
  return [...document.querySelectorAll("[data-queue] [data-row]")];
}

function here() {
  return document.activeElement?.closest("[data-row]") ?? null;
}

// The focus itself moves, so that Enter, screen readers and what is scrolled into sight follow by themselves.
function step(by) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(here());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
  all[next].querySelector("a.subject").focus();
}

function focus(id) {
  const field = document.getElementById(id);
  if (!field) return false;
  field.focus();
  field.scrollIntoView({ block: "nearest" });
}

function help() {
  show("/tickets/keys").catch(() => location.assign("/tickets/keys"));
}

function count() {
  const said = document.querySelector("[data-count]");
  if (!said) return;
  const number = document.querySelectorAll("[data-row] input:checked").length;
  const words = number === 1 ? "1 ticket selected:" : `${number} tickets selected:`;
  if (said.textContent !== words) said.textContent = words;
  said.closest("form").toggleAttribute("data-some", number > 0);
}
