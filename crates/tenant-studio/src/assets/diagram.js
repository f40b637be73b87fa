// The diagram: zoom, search, and the light on a table and its neighbors. Without this file it
// is a drawing with links, in a box that scrolls.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

const LEAST = 0.08;
const MOST = 3;
// Below this size the columns cannot be read: names are shown large instead.
const AFAR = 0.55;

for (const box of $$(".diagram")) start(box);

function start(box) {
  const svg = $("svg", box);
  const tables = $$("g.table", svg);
  const arrows = $$("path.arrow", svg);
  const isPage = box.classList.contains("page");
  const status = isPage && $("[data-found]");
  const byName = (name) => tables.find((table) => table.dataset.table === name);
  const numbers = (text) => new Set(text.split(" ").filter(Boolean));

  // --- Light: on a table, the tables that a key links with it, and these keys.

  // What a pointer is over comes first, then what has the focus, then what was chosen.
  let chosen, pointed, focused;
  function light() {
    const table = pointed ?? focused ?? chosen;
    svg.classList.toggle("lit", Boolean(table));
    const number = table?.dataset.number;
    const near = numbers(table?.dataset.near ?? "");
    for (const one of tables) {
      one.classList.toggle("at", one === table);
      one.classList.toggle("near", near.has(one.dataset.number));
    }
    for (const { dataset, classList } of arrows) {
      classList.toggle("near", Boolean(table) && (dataset.from === number || dataset.to === number));
    }
  }
  const tableOf = (target) => target.closest?.("g.table");
  const point = (table) => { pointed = table; light(); };
  const focus = (table) => { focused = table; light(); };
  svg.addEventListener("pointerover", (event) => point(tableOf(event.target) ?? undefined));
  svg.addEventListener("pointerleave", () => point());
  // On the box: listening for focus would make the drawing itself a stop of the Tab key.
  box.addEventListener("focusin", (event) => focus(tableOf(event.target) ?? undefined));
  box.addEventListener("focusout", () => focus());
  if (!isPage) return;

  // --- Zoom: the drawing changes its size, and its box scrolls.

  const [width, height] = svg.getAttribute("viewBox").split(" ").slice(2).map(Number);
  let scale = 1;
  function zoom(wanted, at = { x: box.clientWidth / 2, y: box.clientHeight / 2 }) {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    // What is at this point stays there.
    const left = (box.scrollLeft + at.x) / scale;
    const top = (box.scrollTop + at.y) / scale;
    scale = next;
    svg.setAttribute("width", Math.round(width * scale));
    svg.setAttribute("height", Math.round(height * scale));
    box.classList.toggle("afar", scale < AFAR);
    box.scrollLeft = left * scale - at.x;
    box.scrollTop = top * scale - at.y;
    $("[data-scale]").textContent = `${Math.round(scale * 100)}%`;
  }
  const fitting = () => Math.min(1, box.clientWidth / width, box.clientHeight / height);
  for (const button of $$("[data-zoom-by]")) {
    button.addEventListener("click", () => zoom(scale * Number(button.dataset.zoomBy)));
  }
  $("[data-fit]").addEventListener("click", () => zoom(fitting()));
  $("[data-full]").addEventListener("click", () => zoom(1));
  $("[data-zoom]").hidden = false;
  // A wheel alone scrolls, as everywhere. Two fingers that spread count as a wheel with Ctrl.
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const place = box.getBoundingClientRect();
    const steps = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    zoom(scale * Math.exp(-steps / 300), { x: event.clientX - place.left, y: event.clientY - place.top });
  }, { passive: false });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      "+": () => zoom(scale * 1.25), "=": () => zoom(scale * 1.25), "-": () => zoom(scale * 0.8),
      0: () => zoom(fitting()), 1: () => zoom(1), Escape: () => choose(),
    }[event.key];
    if (act && !$("dialog[open]")) { event.preventDefault(); act(); }
  });

  // --- A table in the middle, which the address names.

  function show(table) {
    const rect = $("rect", table);
    const [x, y, boxWidth, boxHeight] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
    if (scale < AFAR) zoom(0.8);
    box.scrollTo((x + boxWidth / 2) * scale - box.clientWidth / 2, (y + boxHeight / 2) * scale - box.clientHeight / 2);
  }
  function choose(table) {
    chosen = table;
    pointed = undefined;
    light();
    for (const one of tables) $("rect", one).classList.toggle("open", one === table);
    const here = new URL(location.href);
    if (table) here.searchParams.set("table", table.dataset.table);
    else here.searchParams.delete("table");
    history.replaceState(null, "", here);
    const columns = $("[data-columns]");
    const link = new URL(columns.href);
    if (table) link.searchParams.set("table", table.dataset.table);
    else link.searchParams.delete("table");
    columns.href = link;
    tell(table);
  }
  function tell(table) {
    status.removeAttribute("title");
    if (!table) { status.textContent = ""; return; }
    const near = [...numbers(table.dataset.near)].filter((one) => one !== table.dataset.number);
    const names = near.map((number) => tables[number].dataset.table);
    const count = names.length === 1 ? "1 neighbor" : `${names.length} neighbors`;
    const link = document.createElement("a");
    link.href = $("a", table).getAttribute("href").replace(/\/structure$/, "");
    link.textContent = "Rows";
    const structure = $("a", table).getAttribute("href");
    const other = Object.assign(document.createElement("a"), { href: structure, textContent: "Structure" });
    const name = Object.assign(document.createElement("strong"), { textContent: table.dataset.table });
    status.replaceChildren(name, " · ", link, " · ", other, ` · ${count}${names.length ? `: ${names.join(", ")}` : ""}`);
    status.title = names.join(", ");
  }

  // --- Search: Enter goes to a table, and to the next one.

  const find = $("[data-find]");
  find.hidden = false;
  let found = [];
  let next = 0;
  find.addEventListener("input", () => {
    const text = find.value.trim().toLowerCase();
    const rank = (name) => (name === text ? 0 : name.startsWith(text) ? 1 : 2);
    found = tables.filter((one) => text && one.dataset.table.toLowerCase().includes(text));
    found.sort((one, other) => rank(one.dataset.table.toLowerCase()) - rank(other.dataset.table.toLowerCase()));
    next = 0;
    svg.classList.toggle("searched", Boolean(text));
    for (const one of tables) one.classList.toggle("found", found.includes(one));
    status.textContent = !text ? "" : found.length === 1 ? "1 table. Press Enter to go there."
      : found.length ? `${found.length} tables. Press Enter to go from one to the next.` : "No table.";
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { find.value = ""; clear(); choose(); }
    if (event.key !== "Enter" || !found.length) return;
    event.preventDefault();
    const table = found[next % found.length];
    next += 1;
    clear();
    choose(table);
    show(table);
  });
  function clear() {
    svg.classList.remove("searched");
    for (const one of tables) one.classList.remove("found");
  }

  // --- Drag to move, click to choose. A finger scrolls by itself.

  let drag;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("a")) return;
    event.preventDefault();
    box.focus({ preventScroll: true });
    drag = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop, moved: false };
    svg.setPointerCapture(event.pointerId);
    drag.table = tableOf(event.target);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.hypot(x, y) > 4;
    if (drag.moved) box.scrollTo(drag.left - x, drag.top - y);
  });
  svg.addEventListener("pointerup", () => {
    if (drag && !drag.moved) choose(drag.table === chosen ? undefined : drag.table);
    drag = undefined;
  });
  svg.addEventListener("pointercancel", () => { drag = undefined; });

  // --- What the address asks for, or all.

  const wanted = new URL(location.href).searchParams.get("table");
  const table = wanted && byName(wanted);
  if (table) { zoom(Math.max(fitting(), 0.8)); choose(table); show(table); }
  else {
    zoom(fitting());
    if (wanted) { status.textContent = `No table ${wanted} in this schema.`; }
  }
}
