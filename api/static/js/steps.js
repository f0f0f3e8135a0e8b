// What have I done at the door? Every step is kept on this phone first, with its own time, and then sent: in order, once.
//
// With a line it is sent at once; without, when there is one again, if need be after the browser was closed. The server
// knows each by its key, so what is sent twice (an answer lost on the way, two tabs) is done once.

import { clock, serverAhead } from "./ages.js";
import { change, drop, keep, newKey, possible, stepsOf } from "./kept_steps.js";
import { LIMIT_MS, position } from "./position.js";

const board = document.getElementById("steps");
const AT_ONCE = 20;
const AGAIN_MS = 15_000;
const ANSWER_MS = 20_000;
const CLOCK_OFF_MS = 60_000; // a phone's clock that is further off is put right by the server's
const BREATH_MS = 600; // the next button comes where the last one was: a finger that trembles taps twice
const PROVEN = new Set(["arrive", "begin", "complete", "fail"]);

const words = board?.dataset ?? {};
const tabs = board && "BroadcastChannel" in window ? new BroadcastChannel("anju-steps") : null;
let csrf = words.csrf;
let trouble = "";
let timer = 0;

if (board) {
  document.addEventListener("submit", onSubmit, true);
  possible().then((can) => can && begin());
}

function begin() {
  document.addEventListener("htmx:after:swap", render);
  document.addEventListener("anju:frame", send);
  document.addEventListener("visibilitychange", () => document.hidden || send());
  addEventListener("online", send);
  tabs?.addEventListener("message", render);
  board.addEventListener("click", onRead);
  render();
  send();
}

// Taking a step -------------------------------------------------------------------------------------------------------

function onSubmit(event) {
  const form = event.target;
  if (form.action.endsWith("/logout")) return leave(event, form);
  if (!form.matches?.("form[data-step]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  take(form).finally(() => delete form.dataset.busy);
}

async function take(form) {
  const given = new FormData(form);
  const text = (name) => given.get(name)?.trim() || undefined;
  const { step } = form.dataset;
  const proven = PROVEN.has(step);
  const taken = {
    user: words.user, key: newKey(), visit: form.closest("[data-visit]").dataset.visit, step, at: now().toISOString(),
    code: text("code"), outcome: text("outcome"), kind: text("kind"), note: text("text"), until: proven ? Date.now() + LIMIT_MS : 0,
  };
  let nth;
  try {
    nth = await keep(taken);
  } catch {
    // nothing can be kept here: then it goes as an ordinary form
    return form.submit();
  }
  navigator.storage?.persist?.().catch(() => {});
  for (const sheet of document.querySelectorAll("[popover]:popover-open")) sheet.hidePopover();
  form.reset();
  await render();
  catchBreath();
  document.getElementById("page")?.focus({ preventScroll: true });
  if (proven) await change(nth, { ...(await position()), until: 0 });
  tabs?.postMessage("kept");
  await send();
}

function catchBreath() {
  for (const each of document.querySelectorAll(".next .big")) each.disabled = true;
  setTimeout(() => {
    for (const each of document.querySelectorAll(".next .big")) each.disabled = false;
  }, BREATH_MS);
}

/** The time of a step: the phone's own, unless its clock is plainly wrong. */
function now() {
  return new Date(Date.now() + (Math.abs(serverAhead) > CLOCK_OFF_MS ? serverAhead : 0));
}

// Sending -------------------------------------------------------------------------------------------------------------

/** Send what is kept, one tab at a time. */
async function send() {
  clearTimeout(timer);
  if (navigator.locks) await navigator.locks.request("anju-steps", sendAll);
  else await sendAll();
  const left = await waiting();
  if (left.length) timer = setTimeout(send, Math.max(500, Math.min(AGAIN_MS, left[0].until - Date.now() || AGAIN_MS)));
  await render();
}

async function waiting() {
  return (await stepsOf(words.user)).filter((each) => !each.refused);
}

async function sendAll() {
  let most = AT_ONCE;
  for (;;) {
    const steps = await waiting();
    // one that still waits to learn where it was taken holds back those behind it: they go in order
    const held = steps.findIndex((each) => each.until > Date.now());
    const batch = steps.slice(0, Math.min(most, held < 0 ? most : held));
    if (!batch.length) return;
    const answer = await post(batch.map(({ user, nth, until, refused, ...step }) => step));
    if (answer === null) return;
    if (answer.unreadable && batch.length > 1) most = 1;
    else if (answer.unreadable) await change(batch[0].nth, { refused: words.unreadable });
    else await settle(batch, answer.results);
  }
}

/** What came of some steps; null where it has to be tried again later. */
async function post(steps, again = true) {
  const body = JSON.stringify(steps);
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf };
  let answer;
  try {
    answer = await fetch(words.url, { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.ok) {
      const came = await answer.json();
      trouble = "";
      return came;
    }
    if (answer.status === 403 && again && (await whose())) return post(steps, false);
  } catch {
    // no line, or the answer was lost on the way: they are asked about again under the same keys
    trouble = "waiting";
    return null;
  }
  if (answer.status === 401) trouble = "login";
  else if (answer.status === 403) trouble = "another";
  else if ([400, 413, 422].includes(answer.status)) return { unreadable: true };
  else trouble = "waiting";
  return null;
}

/** Is the session of this browser still this user's? Then with its own token. */
async function whose() {
  const answer = await fetch(words.url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) return false;
  const now = await answer.json();
  if (now.user !== words.user) return false;
  csrf = now.csrf;
  return true;
}

async function settle(batch, results) {
  for (const { key, visit, result, state, words: why } of results) {
    const step = batch.find((each) => each.key === key);
    if (!step) continue;
    if (result === "refused") await change(step.nth, { refused: why || words.unreadable });
    else await drop(step.nth);
    const section = document.querySelector(`[data-visit="${CSS.escape(visit)}"]`);
    // the page itself comes anew in a moment
    if (section && state) section.dataset.state = state;
  }
  tabs?.postMessage("sent");
}

// Showing -------------------------------------------------------------------------------------------------------------

async function render() {
  const steps = await stepsOf(words.user);
  for (const section of document.querySelectorAll("[data-visit]")) {
    show(section, steps.filter((each) => each.visit === section.dataset.visit && !each.refused));
  }
  const kept = steps.filter((each) => !each.refused);
  const parts = steps.filter((each) => each.refused).map(refusal);
  const said = trouble && words[trouble].replace("{count}", kept.length);
  if (kept.length && said) parts.unshift(line("p", said, trouble === "login" ? words.loginat : ""));
  board.replaceChildren(...parts);
  board.hidden = !parts.length;
}

/** Show how far a visit is with what is kept, and the step that is next. */
function show(section, kept) {
  let { state } = section.dataset;
  for (const each of kept) state = section.querySelector(`.next[data-step="${each.step}"]`)?.dataset.to ?? state;
  for (const each of section.querySelectorAll(".next")) each.hidden = !each.dataset.from.split(" ").includes(state);
  section.classList.toggle("over", !section.querySelector(".next:not([hidden])"));
  for (const each of section.querySelectorAll(".walk li")) {
    if (each.dataset.states.split(" ").includes(state)) each.setAttribute("aria-current", "step");
    else each.removeAttribute("aria-current");
  }
  const list = section.querySelector(".kept-here");
  if (!list) return;
  list.replaceChildren(...kept.map((each) => line("li", `${told(each)} · ${words.kept}`)));
  list.hidden = !kept.length;
}

function told(step) {
  const said = document.querySelector(`.next[data-step="${step.step}"]`)?.dataset.said ?? step.step;
  return `${clock(Date.parse(step.at)).slice(0, 5)} ${said}`;
}

function refusal(step) {
  const where = document.querySelector(`[data-visit="${CSS.escape(step.visit)}"] h1`)?.textContent.trim() ?? "";
  const made = line("p", [told(step), where, step.refused].filter(Boolean).join(" · "));
  const read = line("button", words.read);
  read.className = "btn slim";
  read.dataset.nth = step.nth;
  made.append(" ", read);
  return made;
}

function line(tag, text, href = "") {
  const made = document.createElement(tag);
  const inner = href ? made.appendChild(document.createElement("a")) : made;
  if (href) inner.href = href;
  inner.textContent = text;
  return made;
}

async function onRead(event) {
  const button = event.target.closest("[data-nth]");
  if (!button) return;
  await drop(Number(button.dataset.nth));
  tabs?.postMessage("read");
  await render();
}

// Leaving -------------------------------------------------------------------------------------------------------------

/** What is not sent stays under its user's name and goes when he logs in again; he is told so before he leaves. */
function leave(event, form) {
  event.preventDefault();
  event.stopImmediatePropagation();
  mayLeave().catch(() => true).then((may) => may && form.submit());
}

async function mayLeave() {
  // nothing to read is left here, whether or not this page is the worker's
  const registration = await navigator.serviceWorker?.getRegistration();
  const steps = await stepsOf(words.user);
  const unsent = steps.filter((each) => !each.refused).length;
  if (unsent && !confirm(words.leaving.replace("{count}", unsent))) return false;
  registration?.active?.postMessage({ wiped: true });
  for (const each of steps.filter((each) => each.refused)) await drop(each.nth);
  return true;
}
