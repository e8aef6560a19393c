// Lets buttons copy what their fields hold. Without scripts they stay hidden, and people copy by hand.
for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // the clipboard is there on https and on localhost alone
    }
    button.textContent = "Copied";
  });
}
