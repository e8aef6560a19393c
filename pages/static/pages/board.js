// Moves and resizes tiles with the mouse, a finger, or the arrow keys on a handle (with Shift, the size). The service
// computes the placements of all tiles and returns the page. Without scripts, the page Tiles has buttons for the same.
const COLUMNS = 12;
const grid = document.querySelector(".tile-grid");
const flash = document.getElementById("flash");
const form = document.getElementById("place");
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const isWide = matchMedia("(min-width: 48rem)");
let timer;

const getPlace = (tools) => tools.dataset.place.split(" ").map(Number);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function fit([x, y, w, h]) {
  w = clamp(w, 1, COLUMNS);
  return [clamp(x, 0, COLUMNS - w), Math.max(y, 0), w, clamp(h, 1, 50)];
}

function show(tools, [x, y, w, h]) {
  tools.parentElement.style.gridArea = isWide.matches ? `${y + 1} / ${x + 1} / span ${h} / span ${w}` : "";
}

function announce(tools, [x, y, w, h]) {
  const name = tools.querySelector("[data-title]").dataset.title;
  flash.textContent = `${name}: column ${x + 1}, row ${y + 1}, ${w} columns wide, ${h} rows high`;
}

async function save(tools, place) {
  for (const [index, name] of ["x", "y", "w", "h"].entries()) form.elements[name].value = place[index];
  form.elements.tile.value = tools.dataset.tile;
  const response = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const page = new DOMParser().parseFromString((await response.text()).replace(/<style>[^]*?<\/style>/, ""), "text/html");
  if (!response.ok || !page.getElementById("flash")) {
    location.reload();
    return;
  }
  flash.replaceChildren(...page.getElementById("flash").childNodes);
  for (const found of page.querySelectorAll("[data-place]")) {
    const mine = grid.querySelector(`[data-tile="${found.dataset.tile}"]`);
    if (!mine) continue;
    mine.dataset.place = found.dataset.place;
    show(mine, getPlace(mine));
  }
}

function drag(event, tools, changes) {
  if (event.button || !isWide.matches) return;
  event.preventDefault();
  const tile = tools.parentElement;
  const style = getComputedStyle(grid);
  const gap = parseFloat(style.columnGap);
  const column = (grid.clientWidth + gap) / COLUMNS;
  const row = parseFloat(style.gridAutoRows) + parseFloat(style.rowGap);
  const before = getPlace(tools);
  const start = [event.clientX, event.clientY + scrollY];
  let place = before;
  const move = (moved) => {
    const steps = [Math.round((moved.clientX - start[0]) / column), Math.round((moved.clientY + scrollY - start[1]) / row)];
    place = fit(before.map((value, index) => value + changes[index] * steps[index % 2]));
    show(tools, place);
  };
  const end = (ended) => {
    tile.classList.remove("tile--moving");
    event.target.removeEventListener("pointermove", move);
    if (ended.type === "pointercancel") show(tools, before);
    else if (place.join() !== before.join()) save(tools, place);
  };
  tile.classList.add("tile--moving");
  event.target.setPointerCapture(event.pointerId);
  event.target.addEventListener("pointermove", move);
  event.target.addEventListener("pointerup", end, { once: true });
  event.target.addEventListener("pointercancel", end, { once: true });
}

function press(event, tools) {
  const step = KEYS[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey || !isWide.matches) return;
  event.preventDefault();
  const place = getPlace(tools);
  const first = event.shiftKey ? 2 : 0;
  place[first] += step[0];
  place[first + 1] += step[1];
  const wanted = fit(place);
  tools.dataset.place = wanted.join(" ");
  show(tools, wanted);
  announce(tools, wanted);
  clearTimeout(timer);
  timer = setTimeout(() => save(tools, wanted), 600);
}

for (const tools of form ? grid.querySelectorAll("[data-place]") : []) {
  const handle = tools.querySelector(".tile__handle");
  const corner = document.createElement("span");
  corner.className = "tile__corner";
  tools.after(corner);
  handle.hidden = false;
  handle.setAttribute("aria-label", `Move ${handle.dataset.title} with the arrow keys, resize it with Shift`);
  handle.addEventListener("pointerdown", (event) => drag(event, tools, [1, 1, 0, 0]));
  handle.addEventListener("keydown", (event) => press(event, tools));
  corner.addEventListener("pointerdown", (event) => drag(event, tools, [0, 0, 1, 1]));
}
