// Updates the preview of a form after each input. Without scripts, only the Preview button updates the preview.
const form = document.querySelector("[data-previews]");
let timer;
let sending;

async function preview() {
  sending?.abort();
  sending = new AbortController();
  const body = new FormData(form);
  body.set("action", "preview");
  const place = document.getElementById(form.dataset.previews);
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(location.href, { method: "POST", body: new URLSearchParams(body), signal: sending.signal });
    if (response.status !== 200 || response.redirected) return; // an incomplete form keeps the last preview
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(...page.getElementById(place.id).childNodes);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    place.removeAttribute("aria-busy");
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, 700);
});
