// Live updates: the server says "fetch again", this fetches the page again and takes over what changed.

import { morph } from "./morph.js";
import { setNow, tick } from "./times.js";

const KEPT = "glidepath.paused";
const FIRST_RETRY = 2000;
const LONGEST_RETRY = 30000;
const FETCH_LIMIT = 20000;

const main = document.getElementById("main");
const status = document.getElementById("status");
const button = document.getElementById("live");

let source = null;
let retryIn = FIRST_RETRY;
let retryTimer = 0;
let paused = read() === "1";
let fetching = false;
let again = false;
let stale = false; // a change was told that could not be fetched yet
let staleTimer = 0;
let staleRetryIn = FIRST_RETRY;
let againTimer = 0;

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
  lookAgain();
  source = new EventSource("/console/events");
  source.addEventListener("hello", () => {
    retryIn = FIRST_RETRY;
    show(stale ? "waiting" : "on");
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
  clearTimeout(againTimer);
  clearTimeout(staleTimer); // a stream that begins anew tells of a change anyway
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
  clearTimeout(staleTimer);
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const page = await fetchPage();
  fetching = false;
  if (!page) return refreshLater();
  if (stale) show(source?.readyState === EventSource.OPEN ? "on" : button.dataset.state);
  stale = false;
  staleRetryIn = FIRST_RETRY;
  takeOver(page);
  if (again) {
    again = false;
    refresh();
  }
}

// The page as it is now; null when it could not be had this time.
async function fetchPage() {
  try {
    const answer = await fetch(location.pathname + location.search, {
      headers: { accept: "text/html" },
      signal: AbortSignal.timeout(FETCH_LIMIT),
    });
    if (answer.status === 401) signedOut();
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

// The change is not told a second time, so it is asked for until it is had, or until the person pauses or leaves.
function refreshLater() {
  again = false;
  if (paused || document.hidden) return;
  stale = true;
  show("waiting");
  staleTimer = setTimeout(refresh, staleRetryIn * (0.75 + Math.random() / 2));
  staleRetryIn = Math.min(LONGEST_RETRY, staleRetryIn * 2);
}

function takeOver(page) {
  const fresh = page.getElementById("main");
  if (!fresh || !fresh.dataset.topic) return;
  // What was just done stays said until the person goes elsewhere; the fresh page no longer knows of it.
  const said = main.querySelector(":scope > .said");
  if (said && !fresh.querySelector(":scope > .said")) fresh.prepend(document.importNode(said, true));
  const before = sentences();
  document.body.dataset.now = page.body.dataset.now;
  document.body.dataset.real = page.body.dataset.real;
  setNow(document.body);
  morph(main, fresh);
  const clock = document.getElementById("clock");
  const newClock = page.getElementById("clock");
  if (clock && newClock) morph(clock, newClock);
  tick();
  announce(before);
  lookAgain();
}

// What goes on without telling of every step says how soon it is worth to look again.
function lookAgain() {
  clearTimeout(againTimer);
  const soon = Number(main.querySelector("[data-again]")?.dataset.again);
  if (soon && !paused && !document.hidden) againTimer = setTimeout(refresh, soon * 1000);
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
