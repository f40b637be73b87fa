// The whole value of a cell: rows are one line each, so a value that has no room is cut. A button
// at its end, or a click on the cell, opens it. Without this file the page of the row has it.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const MARGIN = 8;

// An element with properties and what is in it.
function make(name, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
}

// --- Which cells are cut.

const CELLS = "table.grid:not(.plan) tbody td:not(.open)";
const nameOf = (cell) => {
  const head = cell.closest("table").tHead?.rows[0]?.cells[cell.cellIndex];
  return head?.dataset.column ?? head?.firstChild?.textContent ?? "";
};
const isCut = (cell) => {
  const text = $(".cell", cell) ?? cell;
  return text.scrollWidth > text.clientWidth + 1 || Boolean($(".line-end", cell));
};
// All are measured before any is changed: the browser computes the page once.
function mark(cells) {
  const whole = cells.filter((cell) => !$(".more, .cell-editor", cell));
  for (const cell of whole.filter(isCut)) {
    if (!$(".cell", cell)) cell.replaceChildren(make("div", { className: "cell" }, ...cell.childNodes));
    const button = make("button", { type: "button", className: "more" }, "more");
    button.setAttribute("aria-label", `${nameOf(cell)} in full`);
    cell.append(button);
  }
  for (const cell of cells) cell.classList.toggle("cuts", Boolean($(".more", cell)));
}
const main = $("main");
mark($$(CELLS, main));
// Answers to SQL come later, and so do rows that are edited.
new MutationObserver((records) => {
  const cells = new Set();
  for (const { target, addedNodes } of records) {
    const own = target.closest(CELLS);
    if (own) cells.add(own);
    for (const node of addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.matches(CELLS)) cells.add(node);
      for (const cell of $$(CELLS, node)) cells.add(cell);
      if (node.matches("tr")) for (const cell of node.cells) if (cell.matches(CELLS)) cells.add(cell);
    }
  }
  if (cells.size) mark([...cells]);
}).observe(main, { childList: true, subtree: true });

// --- The pop-up.

let pop, anchor;
function place() {
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const at = anchor.getBoundingClientRect();
  // Measured where it has all the room there is.
  pop.style.left = pop.style.top = `${MARGIN}px`;
  const own = pop.getBoundingClientRect();
  const within = (value, size, most) => Math.max(MARGIN, Math.min(value, most - MARGIN - size));
  const isBelow = at.bottom + own.height + MARGIN <= height || height - at.bottom >= at.top;
  pop.style.left = `${within(at.left, own.width, width)}px`;
  pop.style.top = `${within(isBelow ? at.bottom + 4 : at.top - 4 - own.height, own.height, height)}px`;
}
async function open(cell) {
  pop?.remove();
  anchor = cell;
  const page = $("a.more", cell)?.href;
  const text = make("pre", { tabIndex: 0, textContent: textOf(cell) });
  const copy = make("button", { type: "button", textContent: "Copy" });
  copy.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text.textContent); copy.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(text); }
  });
  const close = make("button", { type: "button", textContent: "Close" });
  close.addEventListener("click", () => pop.hidePopover());
  const name = nameOf(cell);
  text.setAttribute("aria-label", name);
  const header = make("header", {}, make("strong", { textContent: name }), copy);
  if (page) header.append(make("a", { className: "button", href: page, textContent: "Open its page" }));
  header.append(close);
  pop = make("div", { className: "whole", popover: "auto", tabIndex: -1 }, header, text);
  pop.setAttribute("role", "dialog");
  pop.setAttribute("aria-label", `${name} in full`);
  const length = $(".length", cell)?.textContent;
  if (length) pop.append(make("p", { className: "note", textContent: `Only the beginning of ${length}. The CSV file has more.` }));
  const mine = pop;
  pop.addEventListener("toggle", (event) => { if (event.newState === "closed") mine.remove(); });
  document.body.append(pop);
  pop.showPopover();
  pop.focus();
  place();
  if (page) await fill(mine, text, page);
}
// What is cut by the server is on a page of its own.
async function fill(mine, text, page) {
  try {
    const answer = await fetch(page);
    const value = answer.ok && $(".value", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!value || !mine.isConnected) return;
    text.textContent = value.textContent;
    place();
  } catch { /* The beginning stays. */ }
}
function textOf(cell) {
  const copy = ($(".cell", cell) ?? cell).cloneNode(true);
  for (const one of $$(".length, .cut", copy)) one.remove();
  return copy.textContent;
}
addEventListener("resize", () => { if (pop?.isConnected) place(); });

main.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const cell = event.target.closest("td.cuts");
  if (!cell) return;
  const isMore = event.target.closest(".more");
  // A click elsewhere in the cell may mean its link, a selection, or the start of an edit.
  const isOther = event.target.closest("a, input, select, textarea") || cell.matches(".editable") || !getSelection().isCollapsed;
  if (!isMore && isOther) return;
  event.preventDefault();
  open(cell);
});
