// Asks before the user leaves a page with unsaved input. Without scripts, the input is lost.
const edited = new Set();
// The server marks a page with unsaved input: a preview, or a form with an error.
const isUnsaved = document.querySelector("[data-unsaved]") !== null;
let sent;

document.addEventListener("input", (event) => {
  if (event.target.form?.method === "post") edited.add(event.target.form);
});
document.addEventListener("submit", (event) => {
  sent = event.target;
});
window.addEventListener("beforeunload", (event) => {
  if ((isUnsaved && !sent) || [...edited].some((form) => form !== sent)) event.preventDefault();
  sent = undefined; // the user may stay
});
