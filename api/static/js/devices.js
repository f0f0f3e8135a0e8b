// What pages about devices do beside their forms: copy what is to be entered elsewhere, and print labels.

function offer() {
  // without scripts there is nothing to press
  for (const each of document.querySelectorAll("[data-copy], [data-print]")) each.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  else copy(button, document.querySelector(button.dataset.copy));
});

async function copy(button, from) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(from.textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = words; }, 2000);
  } catch {
    // not allowed, or not over TLS: it is marked, so that the hand can copy it
    getSelection().selectAllChildren(from);
  }
}

offer();
document.addEventListener("htmx:after:swap", offer);
