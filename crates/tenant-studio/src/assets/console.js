// SQL: Ctrl-Enter runs, a button cancels, and the browser remembers what ran.
// Without this file the forms work, and show their result when it is there.

const $ = (selector, within = document) => within.querySelector(selector);
const LONGEST_PAST = 50;

// What runs, and how to give it up: the request is closed, and the server
// cancels what nobody waits for.
function runner(form) {
  const cancel = $("[data-cancel]", form);
  const clock = $("[data-clock]", form);
  let running, ticking;
  const end = () => {
    running = undefined;
    clearInterval(ticking);
    clock.textContent = "";
    cancel.hidden = true;
    form.removeAttribute("aria-busy");
  };
  cancel.addEventListener("click", () => running?.abort());
  return async (work) => {
    running?.abort();
    const mine = running = new AbortController();
    const began = Date.now();
    const tick = () => { clock.textContent = `Running, ${Math.round((Date.now() - began) / 1000)} s`; };
    clearInterval(ticking);
    ticking = setInterval(tick, 1000);
    tick();
    cancel.hidden = false;
    form.setAttribute("aria-busy", "true");
    try {
      await work(mine.signal);
    } finally {
      if (running === mine) end();
    }
  };
}

function post(form, signal) {
  const body = new URLSearchParams(new FormData(form));
  body.set("part", "1");
  return fetch(form.getAttribute("action"), { method: "POST", body, signal });
}

function say(place, text) {
  const said = document.createElement("p");
  said.className = "note";
  said.setAttribute("role", "status");
  said.textContent = text;
  place.append(said);
}

function failed(error, place) {
  say(place, error.name === "AbortError" ? "Cancelled." : "The studio does not answer. Check whether it is running.");
}

// Runs the form by `work` unless its button asks for a file.
function onRun(form, work) {
  const run = runner(form);
  const text = $("textarea[name=sql]", form);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "as") return;
    event.preventDefault();
    run(work);
  });
  return text;
}

// One schema.
for (const form of document.querySelectorAll("form[data-console]")) {
  const result = $(form.dataset.console);
  const remember = past(form);
  const text = onRun(form, async (signal) => {
    remember(text.value);
    try {
      const answer = await post(form, signal);
      result.innerHTML = await answer.text();
      point(text, $("[data-position]", result));
    } catch (error) {
      result.replaceChildren();
      failed(error, result);
    }
  });
}

// Puts the cursor where the server saw the error. It counts letters, the browser
// counts units of UTF-16.
function point(text, refusal) {
  if (!refusal) return;
  const before = [...text.value].slice(0, Number(refusal.dataset.position)).join("").length;
  text.focus();
  text.setSelectionRange(before, before);
}

// What ran before, newest first, in this browser only.
function past(form) {
  const panel = $("[data-past]", form);
  const list = $("ul", panel);
  const key = form.dataset.history;
  const read = () => { try { return JSON.parse(localStorage.getItem(key)) ?? []; } catch { return []; } };
  const show = (texts) => {
    panel.hidden = !texts.length;
    list.replaceChildren(...texts.map((sql) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sql;
      button.title = "Put it into the field";
      button.addEventListener("click", () => {
        const text = $("textarea[name=sql]", form);
        text.value = sql;
        text.focus();
      });
      item.append(button);
      return item;
    }));
  };
  const keep = (texts) => {
    // A browser that keeps nothing is no reason not to run.
    try { localStorage.setItem(key, JSON.stringify(texts)); } catch { /* It stays in the list. */ }
    show(texts);
  };
  $("[data-forget]", panel).addEventListener("click", () => keep([]));
  show(read());
  return (sql) => {
    if (!sql.trim()) return;
    keep([sql, ...read().filter((other) => other !== sql)].slice(0, LONGEST_PAST));
  };
}

// All tenants: rows are shown as they come, a line of JSON for each tenant.
for (const form of document.querySelectorAll("form[data-across]")) {
  const result = $(form.dataset.across);
  const remember = past(form);
  const text = onRun(form, async (signal) => {
    remember(text.value);
    result.replaceChildren();
    try {
      const answer = await post(form, signal);
      if (!answer.headers.get("content-type")?.includes("ndjson")) {
        result.innerHTML = await answer.text();
        return;
      }
      for await (const line of lines(answer.body)) show(JSON.parse(line), result);
    } catch (error) {
      failed(error, result);
    }
  });
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

// The server has escaped what it sends.
function show(part, result) {
  if (part.frame) result.innerHTML = part.frame;
  if (part.table) $("[data-tables]", result).insertAdjacentHTML("beforeend", part.table);
  if (part.rows) $(`[data-table="${part.into}"] tbody`, result).insertAdjacentHTML("beforeend", part.rows);
  if (part.failure) {
    const failures = $("[data-failures]", result);
    failures.hidden = false;
    $("ul", failures).insertAdjacentHTML("beforeend", part.failure);
  }
  if (part.progress) $("[data-progress]", result).innerHTML = part.progress;
  const bar = $("progress", result);
  if (bar && part.done !== undefined) bar.value = part.done;
  if (part.is_over) bar?.remove();
}

// A choice of tenants is meant by whoever fills in its field.
for (const field of document.querySelectorAll("[data-chooses]")) {
  field.addEventListener("input", () => {
    if (!$("input[type=radio]:checked", field.closest(".filter"))) $(field.dataset.chooses).checked = true;
  });
}
