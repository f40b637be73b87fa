// Changes to rows: collected in the grid, shown as SQL, and applied together.
// Without this file there is the form of one row; here it learns to help.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// An element with attributes and what is in it.
function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...inside);
  return element;
}

// What the studio answers, or the reason why it does not.
async function ask(address, changes) {
  const how = changes && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ changes }),
  };
  try {
    const answer = await fetch(address, how);
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return { status: 0, error: "The studio does not answer. Check whether it is running." };
  }
}

// Leaving asks first, while something is unsaved.
let isDirty = () => false;
addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); });

// An input that offers the values of a foreign key, also those beyond the first.
function offer(input, address) {
  let asking, timer;
  const fill = async () => {
    asking?.abort();
    asking = new AbortController();
    const list = document.getElementById(input.getAttribute("list"));
    const query = new URLSearchParams({ part: "1", q: input.value });
    try {
      const answer = await fetch(`${address}&${query}`, { signal: asking.signal });
      if (answer.ok) list.innerHTML = await answer.text();
    } catch { /* What was offered before stays. */ }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(fill, 120); });
  return fill;
}

// The form of one row: what is typed takes away the ticks for NULL and the default.
for (const form of $$("form[data-editor]")) {
  let changed = false;
  for (const input of $$("[data-choices]", form)) offer(input, input.dataset.choices);
  form.addEventListener("input", (event) => {
    changed = true;
    const control = event.target.closest(".control");
    if (!control) return;
    const ticks = $$("[data-null], [data-default]", control);
    if (!ticks.includes(event.target)) for (const tick of ticks) tick.checked = false;
    else if (event.target.checked) {
      for (const tick of ticks) if (tick !== event.target) tick.checked = false;
    }
  });
  form.addEventListener("submit", () => { changed = false; });
  isDirty = () => changed;
}

const grid = $("table.grid[data-changes]");
if (grid) edit(grid, grid.dataset.changes);

async function edit(grid, address) {
  const described = await ask(address);
  if (described.status !== 200 || !described.adds) return;
  const columns = new Map(described.columns.map((column) => [column.name, column]));
  const names = $$("thead th", grid).map((head) => head.dataset.column);
  // What is changed of each row, in the order in which it was begun.
  const rows = new Map();
  const before = new WeakMap();
  const body = $("tbody", grid);
  isDirty = () => changes().length > 0;

  // --- What there is to send.

  function changes() {
    return [...rows.values()].map(change).filter(Boolean);
  }
  function change({ isNew, isGone, key, version, set }) {
    if (isNew) return { do: "insert", set };
    if (isGone) return { do: "delete", key, version };
    return Object.keys(set).length ? { do: "update", key, version, set } : null;
  }

  // --- The rows of the grid.

  const keyOf = (row) => {
    const link = $(".open a", row);
    const key = link && new URL(link.href).searchParams.get("key");
    return key ? JSON.parse(key) : null;
  };
  // The row as it is at the moment: what is shown may be cut, or old.
  async function begin(row) {
    if (rows.has(row)) return rows.get(row);
    const key = keyOf(row);
    const now = await ask(`${address}?${new URLSearchParams({ key: JSON.stringify(key) })}`);
    if (now.status !== 200) { say(now.error); return null; }
    if (rows.has(row)) return rows.get(row);
    const state = { row, key, version: now.version, was: now.values, set: {} };
    rows.set(row, state);
    return state;
  }
  function prepare(row, number) {
    if (!keyOf(row)) return;
    for (const cell of $$("td", row)) prepareCell(cell);
    const remove = make("button", {
      type: "button", class: "remove", "aria-label": `Delete row ${number}`, title: "Delete",
      "aria-pressed": "false", onclick: () => toggleGone(row, remove),
    }, "✕");
    $(".open", row).append(" ", remove);
  }
  function prepareCell(cell) {
    const column = columns.get(names[cell.cellIndex]);
    if (!column?.writable) return;
    cell.classList.add("editable");
    cell.tabIndex = 0;
    cell.addEventListener("dblclick", () => open(cell, column));
    cell.addEventListener("keydown", (event) => {
      if (event.target === cell && (event.key === "Enter" || event.key === "F2")) {
        event.preventDefault();
        open(cell, column);
      }
    });
  }
  async function toggleGone(row, button) {
    const state = await begin(row);
    if (!state) return;
    state.isGone = !state.isGone;
    row.classList.toggle("gone", state.isGone);
    button.setAttribute("aria-pressed", String(state.isGone));
    tell();
  }
  function add() {
    const cells = names.slice(1).map((name) => {
      const column = columns.get(name);
      const text = column.default || !column.writable ? "default" : column.nullable ? "NULL" : "required";
      return make("td", {}, make("span", { class: "null" }, text));
    });
    const row = make("tr", { class: "new" });
    const remove = make("button", {
      type: "button", class: "remove", "aria-label": "Remove the new row",
      onclick: () => { rows.delete(row); row.remove(); tell(); },
    }, "✕");
    row.append(make("td", { class: "open" }, "new ", remove), ...cells);
    body.prepend(row);
    for (const cell of cells) prepareCell(cell);
    rows.set(row, { row, isNew: true, was: {}, set: {} });
    tell();
    $(".editable", row)?.focus();
  }

  // --- One value.

  async function open(cell, column) {
    if ($(".cell-editor", cell)) return;
    const state = await begin(cell.parentElement);
    if (!state || state.isGone) return;
    if (!state.isNew && !(column.name in state.was)) {
      return say(`The value of ${column.name} is too long to be edited here`);
    }
    if (!before.has(cell)) before.set(cell, [...cell.childNodes]);
    const shown = [...cell.childNodes];
    const isGiven = column.name in state.set;
    const value = isGiven ? state.set[column.name] : state.was[column.name] ?? null;
    const editor = editorOf(column, value, state.isNew && !isGiven);
    let isOpen = true;
    const close = (isKept) => {
      if (!isOpen) return;
      isOpen = false;
      cell.replaceChildren(...shown);
      if (isKept) take(state, cell, column, editor.value());
      tell();
    };
    editor.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") { close(false); cell.focus(); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); close(true); cell.focus(); }
    });
    editor.element.addEventListener("focusout", (event) => {
      if (!editor.element.contains(event.relatedTarget)) close(true);
    });
    cell.replaceChildren(editor.element);
    editor.field.focus();
    editor.field.select?.();
  }
  // Undefined stands for the default.
  function take(state, cell, column, value) {
    const same = state.isNew ? value === undefined : value === state.was[column.name];
    if (same) delete state.set[column.name];
    else state.set[column.name] = value;
    cell.classList.toggle("changed", !same);
    if (same) cell.replaceChildren(...before.get(cell));
    else show(cell, value);
  }
  function show(cell, value) {
    const inside = value === null ? make("span", { class: "null" }, "NULL")
      : value === "" ? make("span", { class: "blank" }, "(empty)")
      : value.length > 300 ? `${value.slice(0, 300)}…` : value;
    // A row is one line: a line break is shown as a sign.
    const lines = typeof inside === "string" ? inside.split("\n") : [inside];
    const parts = lines.flatMap((line, at) => at ? [make("span", { class: "line-end" }, "\n"), line] : [line]);
    cell.replaceChildren(make("div", { class: "cell" }, ...parts));
  }

  // --- The bar at the bottom, and what it does.

  const message = make("output", { class: "said", "aria-live": "polite" });
  const bar = make("section", { class: "unsaved", "aria-label": "Unsaved changes", hidden: true },
    message,
    make("button", { type: "button", onclick: preview }, "Show SQL"),
    make("button", { type: "button", onclick: discard }, "Discard"),
    make("button", { type: "button", class: "main", onclick: apply }, "Apply"));
  document.body.append(bar);
  $("[data-add]")?.addEventListener("click", (event) => { event.preventDefault(); add(); });
  if (described.changes) $$("tr", body).forEach((row, at) => prepare(row, at + 1));

  function tell() {
    const count = changes().length;
    for (const { row } of rows.values()) row.classList.remove("refused");
    say(count === 1 ? "1 row has unsaved changes." : `${count} rows have unsaved changes.`, count > 0);
  }
  function say(text, isShown = true) {
    message.textContent = text;
    bar.classList.remove("wrong");
    bar.hidden = !isShown;
  }
  function complain(text, hint) {
    say(`error: ${text}${hint ? `\nhint: ${hint}` : ""}`);
    bar.classList.add("wrong");
  }
  async function preview() {
    const answer = await ask(`${address}?preview=1`, changes());
    if (!answer.preview) return refused(answer);
    const dialog = make("dialog", { "aria-label": "The changes as SQL", onclose: () => dialog.remove() },
      make("pre", { class: "value" }, ["BEGIN;", ...answer.preview, "COMMIT;"].join("\n")),
      make("form", { method: "dialog" }, make("button", {}, "Close")));
    document.body.append(dialog);
    dialog.showModal();
  }
  async function apply() {
    const buttons = $$("button", bar);
    for (const one of buttons) one.disabled = true;
    const answer = await ask(address, changes());
    for (const one of buttons) one.disabled = false;
    if (!answer.applied) return refused(answer);
    rows.clear();
    location.reload();
  }
  function refused({ refused, error }) {
    for (const { row } of rows.values()) row.classList.remove("refused");
    if (!refused) return complain(error ?? "the studio gave an unexpected answer");
    const state = [...rows.values()].filter(change)[refused.index];
    if (!state) return complain(refused.message, refused.hint);
    state.row.classList.add("refused");
    state.row.scrollIntoView({ block: "nearest" });
    if (refused.current) renew(state, refused.current);
    complain(refused.message, refused.current
      ? "The row shows its current values and your changes. Check it, then apply again."
      : refused.hint);
  }
  // Somebody has changed the row: its other values are shown as they are now.
  function renew(state, { version, values }) {
    state.version = version;
    state.was = values;
    for (const cell of $$("td", state.row)) {
      const name = names[cell.cellIndex];
      if (!(name in values)) continue;
      const now = make("td");
      show(now, values[name]);
      before.set(cell, [...now.childNodes]);
      if (!(name in state.set)) cell.replaceChildren(...before.get(cell));
    }
  }
  function discard() {
    for (const { row, isNew } of rows.values()) {
      if (isNew) { row.remove(); continue; }
      row.classList.remove("gone", "refused");
      $(".remove", row)?.setAttribute("aria-pressed", "false");
      for (const cell of $$("td.changed", row)) {
        cell.classList.remove("changed");
        cell.replaceChildren(...before.get(cell));
      }
    }
    rows.clear();
    tell();
  }
}

// The field for a value of the column, with ticks for NULL and the default.
let lists = 0;
function editorOf(column, value, isDefault) {
  const text = value ?? "";
  const label = { "aria-label": column.name };
  const values = column.labels.length ? column.labels : column.type === "boolean" ? ["true", "false"] : null;
  const inside = [];
  let field;
  if (values) {
    const options = values.map((one) => make("option", { value: one, selected: one === value }, one));
    field = make("select", label, make("option", { value: "" }, "–"), ...options);
  } else if (column.choices) {
    const id = `choices-${(lists += 1)}`;
    field = make("input", { ...label, list: id, value: text, autocomplete: "off", spellcheck: "false" });
    inside.push(make("datalist", { id }));
  } else {
    field = make("textarea", { ...label, rows: Math.min(8, text.split("\n").length), spellcheck: "false" });
    field.value = text;
  }
  const tick = (name, isTicked) => make("input", { type: "checkbox", checked: isTicked, "aria-label": `${column.name}: ${name}` });
  const none = tick("NULL", value === null && !isDefault);
  const usual = tick("default", isDefault);
  if (column.nullable) inside.push(make("label", { class: "check" }, none, " NULL"));
  if (isDefault) inside.push(make("label", { class: "check" }, usual, " default"));
  field.addEventListener("input", () => { none.checked = usual.checked = false; });
  none.addEventListener("change", () => { if (none.checked) usual.checked = false; });
  usual.addEventListener("change", () => { if (usual.checked) none.checked = false; });
  const element = make("div", { class: "cell-editor" }, field, ...inside);
  if (column.choices && !values) {
    const fill = offer(field, column.choices);
    field.addEventListener("focus", fill, { once: true });
  }
  return {
    element,
    field,
    value: () => usual.checked ? undefined : none.checked ? null : field.value,
  };
}
