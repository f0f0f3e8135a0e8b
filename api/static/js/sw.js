// What runs beside the pages of this site. It shows a pushed alert and opens it (the text was encrypted for this browser
// alone), and it keeps a staff member's own page, with what the page needs to look and work, for when there is no line.
//
// Nothing else is kept. The page goes when its user logs out, when his session is over, when another one's page comes, and
// at the latest 12 hours after it was last true: as long as a session lasts.

const PAGE = "anju-page";
const ASSETS = "anju-assets";
const LASTS_MS = 12 * 60 * 60 * 1000;
const PATIENCE_MS = 8_000; // a line that is there and carries nothing
const top = new URL(self.registration.scope).pathname;
const MY = `${top}my`;

let wipes = 0;
let writing = Promise.resolve();

/** One after the other: a change of the page must not come before the page, nor anything after it was wiped. */
function inOrder(write) {
  const before = wipes;
  writing = writing.then(() => before === wipes && write(() => before === wipes)).catch(() => {});
  return writing;
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (url.pathname === `${top}login` || url.pathname === `${top}logout`) event.waitUntil(wipe());
  else if (request.method !== "GET") return;
  else if (request.mode === "navigate" && url.pathname === MY) event.respondWith(mine(event));
  else if (url.pathname.startsWith(`${top}static/`)) event.respondWith(asset(request));
});

self.addEventListener("message", (event) => {
  const { keep, frame, user, wiped } = event.data;
  if (keep) event.waitUntil(fetch(MY, { redirect: "manual" }).then(store, () => {}));
  if (frame) event.waitUntil(inOrder((stands) => renew(user, frame, stands)));
  if (wiped) event.waitUntil(wipe());
});

/** The page as the server has it; without a line, or without an answer, as it was kept. */
async function mine(event) {
  const had = await kept();
  const fresh = fetch(event.request);
  event.waitUntil(fresh.then((answer) => store(answer.clone()), () => {}));
  try {
    const answer = await (had ? Promise.race([fresh, tooLong()]) : fresh);
    return answer.status >= 500 && had ? had : answer;
  } catch {
    return had ?? nothing();
  }
}

function tooLong() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE_MS));
}

function store(answer) {
  const user = answer.headers.get("x-anju-user");
  // led to the log-in page: the session is over, and so is the right to read this
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return wipe();
  if (answer.ok && user) return inOrder((stands) => keep(answer, user, stands));
}

async function keep(answer, user, stands) {
  const html = await answer.text();
  const assets = (/ data-assets="([^"]*)"/.exec(html)?.[1] ?? "").split(" ").filter(Boolean);
  const cache = await caches.open(ASSETS);
  const have = new Set((await cache.keys()).map((each) => new URL(each.url).pathname));
  // first what the page needs, then the page: one without its style and scripts is of no use
  await cache.addAll(assets.filter((each) => !have.has(each)));
  if (!stands()) return;
  await put(html, user, answer.headers.get("content-security-policy"));
  for (const each of have) if (!assets.includes(each)) await cache.delete(each);
}

async function put(html, user, policy) {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy ?? "default-src 'self'",
    "x-anju-user": user,
    "x-anju-kept": new Date().toISOString(),
  };
  await (await caches.open(PAGE)).put(MY, new Response(html, { headers }));
}

/** A change came in while the page was open: what is kept has it too. */
async function renew(user, frame, stands) {
  const had = await (await caches.open(PAGE)).match(MY);
  if (had?.headers.get("x-anju-user") !== user) return;
  const html = await had.text();
  const [start, end] = [html.indexOf('<main id="page"'), html.lastIndexOf("</main>")];
  if (start < 0 || end < start || !stands()) return;
  const renewed = html.slice(0, start) + frame.trim() + html.slice(end + "</main>".length);
  await put(renewed, user, had.headers.get("content-security-policy"));
}

/** The kept page, which says itself since when it is kept; null where there is none that may be shown. */
async function kept() {
  const cache = await caches.open(PAGE);
  const had = await cache.match(MY);
  if (!had) return null;
  const since = had.headers.get("x-anju-kept");
  if (Date.now() - Date.parse(since) > LASTS_MS) {
    await cache.delete(MY);
    return null;
  }
  const html = (await had.text()).replace("<html ", `<html data-kept="${since}" `);
  return new Response(html, { headers: had.headers });
}

async function wipe() {
  wipes += 1;
  await caches.delete(PAGE);
}

async function asset(request) {
  const cache = await caches.open(ASSETS);
  return (await cache.match(request.url)) ?? fetch(request);
}

function nothing() {
  const html = `<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>安居 Anju</title>
<h1>没有网络</h1><p>这部手机上没有可看的页面。已记下的步骤都还在，有网络后会发出。</p><p><a href="${MY}">再试一次</a></p>
<div lang="en"><h1>No line</h1><p>No page is kept on this phone. Steps that were kept are still here, and are sent when there is
a line.</p><p><a href="${MY}">Try again</a></p></div></html>`;
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'self'" };
  return new Response(html, { status: 503, headers });
}

self.addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification("安居 Anju", {
      body: said.text || "",
      // one alert is one notice: pressed again, it sounds again and does not pile up
      tag: said.tag || "anju",
      renotify: true,
      requireInteraction: true,
      data: { url: said.url || self.registration.scope },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data.url));
});

async function show(url) {
  for (const client of await self.clients.matchAll({ type: "window" })) {
    if (new URL(client.url).pathname === new URL(url).pathname) return client.focus();
  }
  return self.clients.openWindow(url);
}
