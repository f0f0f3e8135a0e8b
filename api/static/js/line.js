// Is what the page shows true now? Keeps a live page up to date by Server-Sent Events, and says so when it cannot.
//
// The server sends the whole page at once and on every change, so a line that was lost heals itself. EventSource does not
// notice a line that has silently died, and gives up for ever when a proxy answers with an error: both are looked after
// here. It goes on in hidden tabs.

import { clock, serverAhead, serverNow } from "./ages.js";

const SILENT_MS = 40_000; // the server says something at least every 15 s
const RETRY_MS = 2_000;
const indicator = document.getElementById("line");
const strip = document.getElementById("stale");

let source = null;
let address = null;
// a page that this phone kept is as old as it says
const kept = document.documentElement.dataset.kept;
let heardAt = kept ? Date.parse(kept) + serverAhead : serverNow();
let retry = 0;

function page() {
  return document.getElementById("page");
}

/** Follow the page that is shown; after a swap that may be another one. */
function follow() {
  const wanted = page()?.dataset.stream ?? null;
  if (wanted === address && source) return;
  hangUp();
  address = wanted;
  if (address) dial();
}

function dial() {
  source = new EventSource(address);
  source.addEventListener("open", () => heard());
  source.addEventListener("beat", () => heard());
  source.addEventListener("page", (event) => {
    heard();
    show(event.data);
    document.dispatchEvent(new CustomEvent("anju:frame", { detail: event.data }));
  });
  source.addEventListener("error", () => {
    lost();
    if (source?.readyState === EventSource.CLOSED) again();
  });
}

function hangUp() {
  clearTimeout(retry);
  retry = 0;
  source?.close();
  source = null;
}

function again() {
  hangUp();
  // not all at once when the server is back
  retry = setTimeout(() => {
    retry = 0;
    askIfLoggedIn();
    dial();
  }, RETRY_MS * (0.5 + Math.random()));
}

/** Whose session is over is led to the log-in page, and from there back here. */
async function askIfLoggedIn() {
  try {
    const answer = await fetch(document.documentElement.dataset.session);
    if (answer.status === 401) location.reload();
  } catch {
    // no line: the next try tells
  }
}

function heard() {
  heardAt = serverNow();
  say("live");
  if (strip) strip.hidden = true;
}

function lost() {
  say("lost");
  if (!strip) return;
  strip.textContent = strip.dataset.lost.replace("{time}", clock(heardAt));
  strip.hidden = false;
}

function say(state) {
  if (!indicator || indicator.dataset.line === state) return;
  indicator.dataset.line = state;
  indicator.querySelector("span").textContent = indicator.dataset[state];
}

function show(html) {
  const target = page();
  if (target) window.htmx.swap({ sourceElement: target, target, text: html, swap: "outerMorph" });
}

function listenHarder() {
  if (source && serverNow() - heardAt > SILENT_MS) {
    lost();
    again();
  }
}

setInterval(listenHarder, 5_000);
document.addEventListener("visibilitychange", listenHarder);
addEventListener("online", () => {
  if (address && (!source || source.readyState !== EventSource.OPEN)) {
    hangUp();
    dial();
  }
});
// a page of before the line was lost does not know that it is
if (kept) lost();
addEventListener("pagehide", hangUp);
addEventListener("pageshow", (event) => event.persisted && follow());
document.addEventListener("htmx:after:swap", follow);
follow();
