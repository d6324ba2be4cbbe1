// @ts-check
// What moves in the report: filters, the state in the address, and what happened behind a cell. The table itself is
// plain HTML. What a peer sent becomes text, never markup.

/**
 * @import { PageData, PageJudgement, PageLine } from "./data.ts"
 * @typedef {{ verdicts: Set<string>, levels: Set<string>, differ: boolean, group: string, query: string, open?: Place | undefined }} State
 * @typedef {{ id: string, server: string }} Place
 */

/** @type {PageData} */
const data = await unpack(find("#data").textContent);
const table = find("table");
const search = /** @type {HTMLInputElement} */ (find("[name=q]"));
const groups = /** @type {HTMLSelectElement} */ (find("[name=group]"));
const chips = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll(".chip")]);
const rows = /** @type {HTMLTableRowElement[]} */ ([...document.querySelectorAll("tr[data-case]")]);
const words = new Map(rows.map((row) => [row, wordsOf(row)]));

let state = readState();
let showsBytes = false;

document.documentElement.classList.add("ready");
new ResizeObserver(([bar]) => {
  const height = bar?.borderBoxSize[0]?.blockSize ?? 0;
  document.documentElement.style.setProperty("--bar", `${Math.floor(height)}px`);
}).observe(find(".filters"));
show();
if (state.open) focusCell(cellAt(state.open));

// The state and the address.

/** @returns {State} */
function readState() {
  const hash = new URLSearchParams(location.hash.slice(1));
  /** @param {string} name */
  const set = (name) => new Set((hash.get(name) ?? "").split(",").filter(Boolean));
  const id = hash.get("case") ?? "";
  const server = hash.get("server") ?? Object.keys(data.servers)[0] ?? "";
  return {
    verdicts: set("verdict"),
    levels: set("level"),
    differ: hash.has("differ"),
    group: hash.get("group") ?? "",
    query: hash.get("q") ?? "",
    open: data.servers[server]?.[id] && { id, server },
  };
}

function writeState() {
  const hash = new URLSearchParams();
  if (state.verdicts.size > 0) hash.set("verdict", [...state.verdicts].join());
  if (state.levels.size > 0) hash.set("level", [...state.levels].join());
  if (state.differ) hash.set("differ", "1");
  if (state.group) hash.set("group", state.group);
  if (state.query) hash.set("q", state.query);
  if (state.open) hash.set("case", state.open.id);
  if (state.open) hash.set("server", state.open.server);
  const address = hash.size > 0 ? `#${hash}` : location.pathname + location.search;
  history.replaceState(null, "", address);
}

addEventListener("hashchange", () => {
  state = readState();
  show();
  if (state.open) focusCell(cellAt(state.open));
});

/** @param {Partial<State>} change */
function change(change) {
  state = { ...state, ...change };
  writeState();
  show();
}

// What is shown.

function show() {
  search.value = state.query;
  groups.value = state.group;
  for (const chip of chips) chip.setAttribute("aria-pressed", String(isOn(chip)));
  const visible = rows.filter((row) => {
    const is = isShown(row);
    row.hidden = !is;
    return is;
  });
  for (const body of table.querySelectorAll("tbody")) {
    body.hidden = !body.querySelector("tr[data-case]:not([hidden])");
  }
  const all = rows.length;
  const filtered = visible.length < all;
  find("[role=status]").textContent = filtered
    ? `${visible.length} of ${all} cases`
    : all === 1
      ? "1 case"
      : `${all} cases`;
  for (const button of document.querySelectorAll(".shown .clear")) {
    /** @type {HTMLElement} */ (button).hidden = !filtered && !state.query;
  }
  table.hidden = visible.length === 0;
  find(".none").hidden = visible.length > 0;
  showDetail();
  keepOneTabStop();
}

/** @param {HTMLTableRowElement} row */
function isShown(row) {
  const { verdicts, levels, differ, group, query } = state;
  if (levels.size > 0 && !levels.has(row.dataset.level ?? "")) return false;
  if (differ && row.dataset.differs === undefined) return false;
  if (group && row.closest("tbody")?.dataset.group !== group) return false;
  if (verdicts.size > 0 && !cellsOf(row).some((cell) => verdicts.has(cell.dataset.verdict ?? "")))
    return false;
  const text = words.get(row) ?? "";
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** @param {HTMLTableRowElement} row */
function wordsOf(row) {
  const id = row.dataset.case ?? "";
  const about = data.cases[id];
  const results = Object.values(data.servers).map((results) => results[id]);
  const found = results.flatMap((result) => [result?.behaviour.why, result?.close.why, result?.received]);
  return [id, about?.title, about?.clause, about?.gist, ...found].filter(Boolean).join(" ").toLowerCase();
}

/** @param {HTMLButtonElement} chip */
function isOn({ dataset: { filter, value = "" } }) {
  if (filter === "differ") return state.differ;
  return (filter === "level" ? state.levels : state.verdicts).has(value);
}

for (const chip of chips) {
  chip.addEventListener("click", () => {
    const { filter, value = "" } = chip.dataset;
    if (filter === "differ") return change({ differ: !state.differ });
    const key = filter === "level" ? "levels" : "verdicts";
    const chosen = new Set(state[key]);
    if (!chosen.delete(value)) chosen.add(value);
    change({ [key]: chosen });
  });
}

search.addEventListener("input", () => change({ query: search.value }));
search.form?.addEventListener("submit", (event) => event.preventDefault());
groups.addEventListener("change", () => change({ group: groups.value }));
for (const button of document.querySelectorAll(".clear")) {
  button.addEventListener("click", () => {
    change({ verdicts: new Set(), levels: new Set(), differ: false, group: "", query: "" });
    search.focus();
  });
}

// Moving among the cells: one of them is a stop of the tabulator, arrows lead to the others.

table.addEventListener("click", ({ target }) => {
  const cell = /** @type {Element} */ (target).closest(".cell");
  if (!(cell instanceof HTMLElement)) return;
  const place = placeOf(cell);
  change({ open: isOpen(place) ? undefined : place });
  focusCell(cell);
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { key, target } = event;
  const element = /** @type {HTMLElement} */ (target);
  const typing = element.matches?.("input, select");
  if (key === "/" && !typing) {
    event.preventDefault();
    search.focus();
  }
  if (key === "Escape" && state.open && !typing) {
    const cell = cellAt(state.open);
    change({ open: undefined });
    focusCell(cell);
  }
  if (!element.matches?.(".cell")) return;
  const next = neighbour(element, key);
  if (!next) return;
  event.preventDefault();
  if (state.open) change({ open: placeOf(next) });
  focusCell(next);
});

/**
 * @param {HTMLElement} cell
 * @param {string} key
 */
function neighbour(cell, key) {
  const visible = rows.filter((row) => !row.hidden && !row.closest("tbody")?.hidden);
  const row = visible.findIndex((each) => each.contains(cell));
  const here = visible[row];
  if (!here) return undefined;
  const column = cellsOf(here).indexOf(cell);
  if (key === "ArrowLeft") return cellsOf(here)[column - 1];
  if (key === "ArrowRight") return cellsOf(here)[column + 1];
  const to = { ArrowUp: row - 1, ArrowDown: row + 1, Home: 0, End: visible.length - 1 }[key];
  const there = to === undefined ? undefined : visible[to];
  return there && (cellsOf(there)[column] ?? cellsOf(there)[0]);
}

/** @param {HTMLElement | undefined} cell */
function focusCell(cell) {
  if (!cell) return;
  keepOneTabStop(cell);
  cell.focus({ preventScroll: true });
  const detail = cell.closest("tr")?.nextElementSibling;
  if (detail?.matches(".detail")) detail.scrollIntoView({ block: "nearest" });
  cell.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} [stop] */
function keepOneTabStop(stop) {
  const cells = rows.filter((row) => !row.hidden).flatMap(cellsOf);
  const one =
    stop ?? cells.find((cell) => cell.tabIndex === 0 && cell === document.activeElement) ?? cells[0];
  for (const cell of cells) cell.tabIndex = cell === one ? 0 : -1;
}

/** @param {HTMLTableRowElement} row */
function cellsOf(row) {
  return /** @type {HTMLElement[]} */ ([...row.querySelectorAll(".cell")]);
}

/** @param {Place} place */
function cellAt({ id, server }) {
  const row = rows.find((each) => each.dataset.case === id);
  return row && cellsOf(row).find((cell) => placeOf(cell).server === server);
}

/** @param {HTMLElement} cell */
function placeOf(cell) {
  return {
    id: cell.closest("tr")?.dataset.case ?? "",
    server: cell.closest("td")?.dataset.server ?? "",
  };
}

/** @param {Place} place */
function isOpen({ id, server }) {
  return state.open?.id === id && state.open.server === server;
}

// What happened in one case.

function showDetail() {
  for (const old of document.querySelectorAll(".detail")) old.remove();
  for (const cell of document.querySelectorAll("[aria-expanded=true]")) cell.ariaExpanded = "false";
  if (!state.open) return;
  const cell = cellAt(state.open);
  const row = cell?.closest("tr");
  if (!cell || !row || row.hidden) return;
  cell.ariaExpanded = "true";
  const content = element(
    "td",
    { role: "cell", colspan: String(row.cells.length) },
    panelOf(state.open, cell),
  );
  row.after(element("tr", { role: "row", class: "detail" }, content));
}

/**
 * @param {Place} place
 * @param {HTMLElement} cell
 */
function panelOf({ id, server }, cell) {
  const about = data.cases[id];
  const result = data.servers[server]?.[id];
  if (!about || !result) return "";
  const { expected, received, behaviour, close, known, ms } = result;
  const theirs = about.autobahn.length > 0 ? ` Autobahn: ${about.autobahn.join(", ")}.` : "";
  const head = element(
    "header",
    {},
    element(
      "div",
      {},
      element("h3", {}, `${id} on ${server}`),
      element("p", { class: "rule" }, `${about.level}, ${about.clause}. ${about.gist}${theirs}`),
    ),
    closeButton(),
  );
  const facts = element(
    "dl",
    {},
    ...term("Expected", expected),
    ...term("Received", received),
    ...term("Behaviour", ...half(behaviour)),
    // Where it does not count, and nothing is to be said, it is not shown.
    ...(close.verdict === "info" && !close.why ? [] : term("Close", ...half(close))),
    ...(known ? term("Known", known.reason, " ", element("code", {}, known.link)) : []),
    ...term("Took", `${ms.toLocaleString("en")} ms`),
    ...term(
      "Again",
      element("code", {}, `--only ${id}`),
      ", with its bytes: ",
      element("code", {}, `--explain ${id}`),
    ),
  );
  return element(
    "div",
    { class: `panel ${cell.dataset.verdict}` },
    head,
    facts,
    wireOf(result.wire, about.kind !== "frames"),
  );
}

function closeButton() {
  const button = element("button", { type: "button", class: "clear close" }, "Close");
  button.addEventListener("click", () => {
    const cell = state.open && cellAt(state.open);
    change({ open: undefined });
    focusCell(cell);
  });
  return button;
}

/** @param {PageJudgement} judgement */
function half({ verdict, why }) {
  const words = element("span", { class: `half ${verdict}` }, verdict);
  return why ? [words, element("span", { class: "why" }, why)] : [words];
}

/**
 * @param {string} name
 * @param {(Node | string)[]} content
 */
function term(name, ...content) {
  return [element("dt", {}, name), element("dd", {}, ...content)];
}

// The wire log.

/**
 * @param {readonly PageLine[]} wire
 * @param {boolean} heads Whether the heads of the handshake are what it is about.
 */
function wireOf(wire, heads) {
  if (wire.length === 0) {
    return element(
      "section",
      { class: "wire" },
      element("header", {}, "The wire log is in the JSON report only."),
    );
  }
  const button = element(
    "button",
    { type: "button", class: "bytes", "aria-pressed": String(showsBytes) },
    "Bytes",
  );
  const legend = element(
    "p",
    { class: "legend" },
    element("span", { class: "header" }, "frame header"),
    element("span", { class: "mask" }, "masking key"),
    element("span", { class: "payload" }, "payload, as it is on the wire"),
  );
  const section = element(
    "section",
    { class: `wire ${showsBytes ? "open" : ""} ${heads ? "heads" : ""}`, "aria-label": "Wire log" },
    element("header", {}, "Wire log, in ms", button),
    element("ol", {}, ...wire.map(lineOf)),
    legend,
  );
  button.addEventListener("click", () => {
    showsBytes = !showsBytes;
    button.ariaPressed = String(showsBytes);
    section.classList.toggle("open", showsBytes);
  });
  return section;
}

/** @param {PageLine} line */
function lineOf(line) {
  if (!("at" in line)) {
    const many = line.lines === 1 ? "1 line is" : `${line.lines.toLocaleString("en")} lines are`;
    return element(
      "li",
      { class: "gap" },
      "",
      "",
      element("span", { class: "text" }, `… ${many} left out …`),
    );
  }
  const { at, direction, kind, text, hex, size } = line;
  const way = direction === "sent" ? "→" : "←";
  return element(
    "li",
    { class: direction },
    element("span", { class: "at" }, at.toFixed(1)),
    element("span", { class: "way" }, way, element("span", { class: "hidden" }, direction)),
    element("span", { class: "text" }, text),
    ...(hex ? [bytesOf(kind, hex, size)] : []),
  );
}

/**
 * @param {string} kind
 * @param {string} hex
 * @param {number} size
 */
function bytesOf(kind, hex, size) {
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const more = size > bytes.length ? ` … ${(size - bytes.length).toLocaleString("en")} more bytes` : "";
  // The first line of a head is said already.
  const rest = String.fromCharCode(...bytes)
    .split("\r\n")
    .slice(1)
    .join("\n")
    .trimEnd();
  if (kind === "http") return element("span", { class: "hex head" }, rest, more);
  if (kind !== "frame") return element("span", { class: "hex" }, digits(bytes), more);
  const [masked, header] = headerOf(bytes);
  const from = header + (masked ? 4 : 0);
  return element(
    "span",
    { class: "hex" },
    element("span", { class: "header" }, digits(bytes.slice(0, header))),
    " ",
    element("span", { class: "mask" }, digits(bytes.slice(header, from))),
    masked ? " " : "",
    element("span", { class: "payload" }, digits(bytes.slice(from))),
    more,
  );
}

/**
 * RFC 6455 §5.2: two bytes, and those that extend the length.
 * @param {number[]} bytes
 * @returns {[masked: boolean, header: number]}
 */
function headerOf([, second = 0]) {
  const length = second & 0x7f;
  return [second >= 0x80, 2 + (length === 126 ? 2 : length === 127 ? 8 : 0)];
}

/** @param {number[]} bytes */
function digits(bytes) {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/**
 * An element whose content is text and other elements.
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} content
 */
function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...content);
  return made;
}

/**
 * Bytes of gzip in base64, which hold JSON.
 * @param {string} text
 */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(unpacked).json();
}

/** @param {string} selector */
function find(selector) {
  const found = document.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the report has no ${selector}`);
  return found;
}

// So that it is a module to the compiler, too.
export {};
