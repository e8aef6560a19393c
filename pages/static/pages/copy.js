// Makes buttons copy the values of their fields. Without scripts, the buttons stay hidden.
for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // the clipboard API exists only on HTTPS and on localhost
    }
    button.textContent = "Copied";
  });
}
