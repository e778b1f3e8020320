// Live updates: the server says "fetch again", this fetches the page again and takes over what changed.

import { morph } from "./morph.js";
import { setNow, tick } from "./times.js";

const KEPT = "glidepath.paused";
const FIRST_RETRY = 2000;
const LONGEST_RETRY = 30000;

const main = document.getElementById("main");
const status = document.getElementById("status");
const button = document.getElementById("live");

let source = null;
let retryIn = FIRST_RETRY;
let retryTimer = 0;
let paused = read() === "1";
let fetching = false;
let again = false;

export function installLive() {
  if (!main.dataset.topic || !button) return;
  button.hidden = false;
  button.addEventListener("click", toggle);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && connect());
  connect();
}

function toggle() {
  paused = !paused;
  try {
    sessionStorage.setItem(KEPT, paused ? "1" : "0");
  } catch { /* a browser that keeps nothing forgets the choice with the page */ }
  if (paused) disconnect();
  else connect();
  say(paused ? "Live updates are paused." : "Live updates are on.");
}

function read() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function connect() {
  if (paused || document.hidden) return show(paused ? "paused" : "waiting");
  if (source) return;
  show("waiting");
  source = new EventSource("/console/events");
  source.addEventListener("hello", () => {
    retryIn = FIRST_RETRY;
    show("on");
  });
  source.addEventListener("changed", (event) => {
    if (event.data.split(" ").includes(main.dataset.topic)) refresh();
  });
  source.addEventListener("error", () => {
    show("waiting");
    // The browser connects again by itself with Last-Event-ID, unless the server refused it.
    if (source?.readyState === EventSource.CLOSED) retryLater();
  });
}

function retryLater() {
  disconnect();
  show("waiting");
  retryTimer = setTimeout(connect, retryIn * (0.75 + Math.random() / 2));
  retryIn = Math.min(LONGEST_RETRY, retryIn * 2);
}

function disconnect() {
  clearTimeout(retryTimer);
  source?.close();
  source = null;
  show(paused ? "paused" : "waiting");
}

function show(state) {
  const [word, hint] = {
    on: ["Live", ": pause live updates"],
    waiting: ["Connecting", " to live updates: pause them"],
    paused: ["Paused", ": go on with live updates"],
  }[state];
  button.dataset.state = state;
  button.querySelector(".live-word").textContent = word;
  button.querySelector(".live-hint").textContent = hint;
}

function say(sentence) {
  status.textContent = sentence;
}

export async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (answer.status === 401) return signedOut();
    if (!answer.ok) return;
    takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    /* the stream notices as well, and says when the server is back */
  } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function takeOver(page) {
  const fresh = page.getElementById("main");
  if (!fresh || !fresh.dataset.topic) return;
  // What was just done stays said until the person goes elsewhere; the fresh page no longer knows of it.
  const said = main.querySelector(":scope > .said");
  if (said && !fresh.querySelector(":scope > .said")) fresh.prepend(document.importNode(said, true));
  const before = sentences();
  document.body.dataset.now = page.body.dataset.now;
  setNow(document.body);
  morph(main, fresh);
  const clock = document.getElementById("clock");
  const newClock = page.getElementById("clock");
  if (clock && newClock) morph(clock, newClock);
  tick();
  announce(before);
}

// What was said about each rollout or wave, by id.
function sentences() {
  return new Map([...main.querySelectorAll("[data-said]")].map((element) => [element.id, element.dataset.said]));
}

function announce(before) {
  const news = [];
  for (const element of main.querySelectorAll("[data-said]")) {
    if (before.get(element.id) === element.dataset.said) continue;
    news.push(element.dataset.said);
    element.dataset.fresh = "";
    setTimeout(() => delete element.dataset.fresh, 2500);
  }
  if (news.length) say(news.join(". "));
}

function signedOut() {
  paused = true;
  disconnect();
  say("You are no longer signed in. Reload the page to see how to sign in.");
}
