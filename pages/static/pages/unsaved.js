// Asks before a page is left whose forms have unsaved input. Without scripts the browser forgets it.
const edited = new Set();

document.addEventListener("input", (event) => {
  if (event.target.form?.method === "post") edited.add(event.target.form);
});
document.addEventListener("submit", (event) => edited.delete(event.target));
window.addEventListener("beforeunload", (event) => {
  if (edited.size) event.preventDefault();
});
