// "Tell me on this phone": subscribes this browser to web push for whoever is logged in.

const button = document.getElementById("push");
const said = document.getElementById("push-said");
const KEPT = "anju-push";

if (button && "serviceWorker" in navigator && "PushManager" in window) offer();

async function offer() {
  const { worker, scope, staff } = button.dataset;
  const registration = await navigator.serviceWorker.register(worker, { scope });
  const there = await registration.pushManager.getSubscription();
  button.hidden = Boolean(there) && localStorage.getItem(KEPT) === staff;
  button.addEventListener("click", () => subscribe(registration));
}

async function subscribe(registration) {
  const { key, staff, denied, done } = button.dataset;
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") return tell(denied);
    const applicationServerKey = bytes(key);
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    await add(JSON.stringify(subscription));
    localStorage.setItem(KEPT, staff);
    button.hidden = true;
    tell(done);
  } catch (error) {
    tell(`${denied} (${error.message})`);
  } finally {
    button.disabled = false;
  }
}

async function add(address) {
  const { channels, name, csrf } = button.dataset;
  const had = await (await fetch(channels)).json();
  const kept = had.items.map(({ id, kind, name, quiet_from, quiet_to, timezone }) => ({ id, kind, name, quiet_from, quiet_to, timezone }));
  const answer = await fetch(channels, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify({ channels: [...kept, { kind: "push", name, address }] }),
  });
  if (!answer.ok) throw new Error(String(answer.status));
}

function bytes(key) {
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0));
}

function tell(words) {
  said.textContent = words;
  said.hidden = false;
}
