// Can a staff member read his page without a line? Lets this browser's worker (sw.js) keep it, keep it true, and drop it.

const my = document.getElementById("steps");
const worker = navigator.serviceWorker;

if (my && worker) begin();

async function begin() {
  // a page that came before the worker was there passed it by
  const passedBy = !worker.controller;
  try {
    await worker.register(my.dataset.worker, { scope: my.dataset.scope });
  } catch {
    // a browser that allows none shows the page as long as there is a line
    return;
  }
  const { active } = await worker.ready;
  if (passedBy) active.postMessage({ keep: true });
  document.addEventListener("anju:frame", (event) => {
    active.postMessage({ frame: event.detail, user: my.dataset.user });
  });
}
