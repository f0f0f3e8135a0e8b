// Forms are sent without leaving the page; they work as ordinary forms where scripts do not run.

const unsent = document.getElementById("unsent");

document.addEventListener("htmx:before:request", () => {
  if (unsent) unsent.hidden = true;
  // why the last form was refused stays on the page through all changes, but not past the next try
  for (const each of document.querySelectorAll("[data-keep]")) each.removeAttribute("data-keep");
});

// the server could not be reached, or did not answer in time
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx && unsent) unsent.hidden = false;
});

// an answer came: what was done closes its sheet and empties it; what was refused stays open, with the reason and all
// that was typed
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.response) return;
  const status = ctx.response.status;
  if (status < 400) {
    for (const sheet of document.querySelectorAll("[popover]:popover-open")) sheet.hidePopover();
    ctx.request.form?.reset();
  }
  // the button that was pressed may be gone: keyboard and screen reader go on in the page, not at its beginning
  if (document.activeElement === document.body) document.getElementById("page")?.focus({ preventScroll: true });
});

// what was typed into a sheet is thrown away only when it was sent
document.addEventListener("toggle", (event) => {
  if (event.newState === "open") event.target.querySelector("[autofocus], input:not([type=hidden])")?.focus();
}, true);
