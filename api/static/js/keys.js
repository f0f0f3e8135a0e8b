// The board by keyboard: j and k choose an alert, a accepts, d sends somebody, e passes on, n notes, c closes.

const board = () => document.querySelector("main.board");

/** Whoever types means letters, not orders. */
function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable], [popover]:popover-open") != null;
}

function step(by) {
  const cards = [...board().querySelectorAll("a.q")];
  if (!cards.length) return;
  const at = cards.findIndex((card) => card.hasAttribute("aria-current"));
  const next = cards[Math.min(cards.length - 1, Math.max(0, at + by))];
  next.scrollIntoView({ block: "nearest" });
  if (!next.hasAttribute("aria-current")) next.click();
}

document.addEventListener("keydown", (event) => {
  if (!board() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector(".sheet:popover-open")) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
  else if (/^[a-z]$/.test(key) && !event.repeat) {
    const button = board().querySelector(`.acts [data-key="${key}"]`);
    if (!button) return;
    button.click();
  } else return;
  event.preventDefault();
});
