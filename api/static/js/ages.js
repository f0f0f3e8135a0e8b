// How long has somebody been waiting? Running times, written anew every second; the server sends instants only.

const AHEAD = "anju-server-ahead";
const page = document.documentElement.dataset;
const loadedAt = Date.now();

/** How far the server's clock is ahead of this machine's, in ms. A page that this phone kept knows no present time. */
export const serverAhead = page.kept ? Number(localStorage.getItem(AHEAD)) || 0 : Date.parse(page.now) - loadedAt;
if (!page.kept) localStorage.setItem(AHEAD, String(serverAhead));

/** The server's present time in ms: this machine's clock may be wrong by minutes. */
export const serverNow = () => Date.now() + serverAhead;

/** A time of day where the homes are, for words. */
export const clock = (ms) =>
  new Date(ms).toLocaleTimeString("en-GB", { timeZone: document.documentElement.dataset.zone });

const two = (n) => String(n).padStart(2, "0");

/** The same forms as Wording.span in api/i18n.py. */
function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (days) return document.body.dataset.days.replace("{days}", days).replace("{hours}", hours % 24);
  if (hours) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${two(minutes)}:${two(seconds % 60)}`;
}

/** Write all running times as they are now. */
export function tick() {
  const now = serverNow();
  for (const each of document.querySelectorAll("[data-since]")) put(each, now - Date.parse(each.dataset.since));
  for (const each of document.querySelectorAll("[data-until]")) put(each, Date.parse(each.dataset.until) - now);
}

function put(element, ms) {
  const text = span(ms);
  if (element.textContent !== text) element.textContent = text;
}

setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);
document.addEventListener("visibilitychange", tick);
tick();
