// What the pages can do beyond links and forms. Without this file they can be
// read all the same.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// Light or dark: as the system says, until somebody chooses. What was chosen is
// applied by theme.js.
const root = document.documentElement;
for (const button of $$("[data-theme-switch]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme ?? dark) === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* For this page only. */ }
  });
}

// On a phone the tables are above the page: closed, until they are wanted.
if (matchMedia("(max-width: 760px)").matches) {
  for (const side of $$("details.side")) side.open = false;
}

// What a screen reader is told of results that change while one types.
const status = document.createElement("p");
status.setAttribute("role", "status");
status.className = "hidden";
document.body.append(status);
const say = (text) => { status.textContent = text; };

// A search that shows its results as one types. Only the last question counts;
// the one before is given up, and the server cancels its query.
function live(form) {
  const results = $(form.dataset.live);
  if (!results) return;
  let asking, timer;
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const query = new URLSearchParams(new FormData(form));
    const shown = `${form.getAttribute("action")}?${query}`;
    query.set("part", "1");
    try {
      const answer = await fetch(`${form.getAttribute("action")}?${query}`, { signal: asking.signal });
      if (answer.redirected) return;
      results.innerHTML = await answer.text();
      if (!form.closest("dialog")) history.replaceState(null, "", shown);
      delete form.dataset.pending;
      say($("p", results)?.textContent ?? "");
      form.dispatchEvent(new Event("results"));
      later(results, asking.signal);
    } catch (error) {
      if (error.name !== "AbortError") results.textContent = "The studio does not answer. Check whether it is running.";
    }
  };
  form.addEventListener("input", () => {
    form.dataset.pending = "yes";
    clearTimeout(timer);
    timer = setTimeout(ask, 60);
  });
  form.addEventListener("ask", ask);
}
for (const form of $$("form[data-live]")) live(form);

// What takes longer is asked for once the rest is shown.
async function later(within, signal) {
  const link = $("[data-later]", within);
  if (!link) return;
  try {
    const answer = await fetch(`${link.href}&part=1`, { signal });
    if (answer.ok && link.isConnected) {
      const focused = document.activeElement?.getAttribute("href");
      within.innerHTML = await answer.text();
      if (focused) $$("a", within).find((one) => one.getAttribute("href") === focused)?.focus();
    }
  } catch { /* The page has gone on to something else. */ }
}
for (const link of $$("[data-later]")) later($(link.dataset.later));

// A list that is filtered where it is.
for (const input of $$("[data-filter]")) {
  input.hidden = false;
  const items = $$(input.dataset.filter);
  input.addEventListener("input", () => {
    const text = input.value.toLowerCase();
    for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(text);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") $("a", items.find((item) => !item.hidden) ?? input)?.click();
  });
}

// The switcher, from anywhere.
const opener = $("[data-switch]");
let dialog;
function openSwitcher() {
  if (!dialog) {
    const from = new URL(opener.href).searchParams.get("from") ?? "/";
    dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", "Switch tenant");
    dialog.innerHTML = `<form action="switch" data-live="#switch-offers" role="search">
      <input type="hidden" name="from">
      <input class="large" type="search" name="q" autocomplete="off" spellcheck="false"
        placeholder="Switch to a tenant" aria-label="Search tenants by name" role="combobox"
        aria-expanded="true" aria-autocomplete="list" aria-controls="switch-offers"></form>
      <div id="switch-offers"></div>`;
    $("[name=from]", dialog).value = from;
    document.body.append(dialog);
    const form = $("form", dialog);
    live(form);
    form.addEventListener("results", () => { offered(); choose(0); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // What is offered may be the answer to what was typed before.
      if (form.dataset.pending) form.addEventListener("results", go, { once: true });
      else go();
    });
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(chosenAt() + step); }
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  dialog.showModal();
  const input = $("[name=q]", dialog);
  input.select();
  $("form", dialog).dispatchEvent(new Event("ask"));
}
// In the dialog the input keeps the focus, and names the offer that is chosen.
function offered() {
  $(".offers", dialog)?.setAttribute("role", "listbox");
  $$(".offers li", dialog).forEach((item) => item.setAttribute("role", "none"));
  $$(".offers a", dialog).forEach((link, index) => {
    link.id = `offer-${index}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
  });
}
const options = () => $$("[role=option]", dialog);
const chosenAt = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");
function choose(at) {
  const all = options();
  if (!all.length) return;
  at = (at + all.length) % all.length;
  all.forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
  all[at].scrollIntoView({ block: "nearest" });
  $("[name=q]", dialog).setAttribute("aria-activedescendant", all[at].id);
}
function go() { options()[Math.max(0, chosenAt())]?.click(); }

opener?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openSwitcher();
});

// Keys: Ctrl-K switches, / filters, j and k walk through rows, n and p turn pages.
const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (opener) openSwitcher();
    return;
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return;
  const act = {
    "/": () => ($("[data-filter]") ?? $("input[type=search]"))?.focus(),
    j: () => walk(1),
    k: () => walk(-1),
    n: () => $("a[rel=next]")?.click(),
    p: () => $("a[rel=prev]")?.click(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
function walk(step) {
  const links = $$("[data-rows] tbody tr").map((row) => $("a", row)).filter(Boolean);
  const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
}

// Forms leave out what is empty or usual, so that links stay short.
for (const form of $$("form[data-short]")) {
  form.addEventListener("change", (event) => {
    // A column, an operator without a value: nothing more to type.
    const row = event.target.closest(".filter");
    if (row && ["null", "some"].includes($("[name=fo]", row).value) && $("[name=fc]", row).value) form.requestSubmit();
    if (event.target.name === "size") form.requestSubmit();
  });
  form.addEventListener("formdata", (event) => {
    const data = event.formData;
    if (data.getAll("col").length === $$("[name=col]", form).length) data.delete("col");
    if (data.get("size") === "50") data.delete("size");
    const filters = $$(".filter", form).filter((row) => $("[name=fc]", row).value);
    for (const name of ["fc", "fo", "fv"]) data.delete(name);
    for (const row of filters) {
      for (const name of ["fc", "fo", "fv"]) data.append(name, $(`[name=${name}]`, row).value);
    }
    for (const name of [...new Set(data.keys())].filter((name) => !/^f[cov]$/.test(name))) {
      if (data.getAll(name).every((value) => value === "")) data.delete(name);
    }
  });
}

// What only some pages need.
const part = (name) => import(`./${name}${new URL(import.meta.url).search}`);
if ($(".diagram")) part("diagram.js");
if ($("table.grid, form.console")) part("values.js");
// Rows can be changed only where the studio was started for it.
if ($(".badge.writes") && $("[data-changes], [data-editor]")) part("edit.js");
