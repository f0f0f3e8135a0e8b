// What runs while the page is closed: it shows a pushed alert and opens it. Its text was encrypted for this browser alone.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

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
