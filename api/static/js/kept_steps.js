// Where do steps wait until the server has them? In this browser's own database, in the order in which they were taken.

const NAME = "anju-steps";
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("steps", { keyPath: "nth", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Do something with the steps in a transaction; it is done when it is on the disk. */
async function within(mode, deed) {
  const transaction = (await database()).transaction("steps", mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    const request = deed(transaction.objectStore("steps"));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

/** Whether this browser can keep anything: in some private windows it cannot. */
export async function possible() {
  try {
    await database();
    return true;
  } catch {
    return false;
  }
}

/** A user's steps, the first one first: no other user of this phone sees them. */
export async function stepsOf(user) {
  return (await within("readonly", (steps) => steps.getAll())).filter((each) => each.user === user);
}

/** Keep a new step; returns its place in the order. */
export const keep = (step) => within("readwrite", (steps) => steps.add(step));

/** Write a step anew, where it is still kept. */
export function change(nth, values) {
  return within("readwrite", (steps) => {
    const asked = steps.get(nth);
    asked.onsuccess = () => asked.result && steps.put({ ...asked.result, ...values });
    return asked;
  });
}

/** The server has it, or whoever took it knows that it was refused. */
export const drop = (nth) => within("readwrite", (steps) => steps.delete(nth));

/** Two steps are two, even of the same moment. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // not over TLS browsers give no UUIDs
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
