import { type CSSResult, css } from "lit";

/** Lanes at most: the page, the servers, a few clients. */
const mostLanes = 9;

// A lane has two columns of the grid, and its line runs between them: arrows begin and end there.
const places = Array.from({ length: mostLanes }, (_, lane) => {
  const edge = 2 * lane + 2;
  return css`
    :is(.arrow, .words)[data-low="${lane}"] {
      grid-column-start: ${edge};
    }

    :is(.arrow, .words[data-late])[data-high="${lane}"] {
      grid-column-end: ${edge};
    }
  `;
});

const looks = css`
  :host {
    --ink: var(--stone-ink);
    --muted: var(--stone-muted);
    --line: var(--stone-line);
    --edge: var(--stone-edge);
    --field: var(--stone-field);
    background: var(--stone);
    color: var(--ink);
    /* The accents as they are in the dark, and native parts such as the clear button of the search field. */
    color-scheme: dark;
  }

  section {
    block-size: 100%;
    grid-template-rows: auto auto minmax(10rem, 1fr) auto;
    gap: 0.625rem;
  }

  .intro {
    margin: 0;
    font-size: 0.875rem;
  }

  .tools,
  .views {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .views {
    flex-wrap: nowrap;
    gap: 0;
  }

  .views button {
    border-radius: 0;
  }

  .views button + button {
    margin-inline-start: -1px;
  }

  .views button:first-child {
    border-start-start-radius: 3px;
    border-end-start-radius: 3px;
  }

  .views button:last-child {
    border-start-end-radius: 3px;
    border-end-end-radius: 3px;
  }

  .views [aria-pressed="true"] {
    background: var(--stone-raised);
    color: var(--ink);
    box-shadow: inset 0 -3px var(--accent);
  }

  .tools input[type="search"] {
    flex: 1 1 4rem;
    inline-size: auto;
    min-inline-size: 0;
    min-block-size: 2rem;
    padding: 0.1875rem 0.4375rem;
    font-size: 0.875rem;
  }

  .wire {
    position: relative;
    display: grid;
    grid-template: auto minmax(0, 1fr) / minmax(0, 1fr);
    min-block-size: 0;
    margin-inline: -0.5rem;
  }

  .rows {
    grid-row: 2;
    overflow: auto;
    overflow-x: hidden;
    border-block: 1px solid var(--line);
    scrollbar-width: thin;
    scrollbar-gutter: stable;
    /* The rows in sight are exchanged under the reader; the browser must not try to help. */
    overflow-anchor: none;
    contain: strict;
  }

  .nothing {
    position: absolute;
    inset: 50% 1rem auto;
    display: grid;
    gap: 1rem;
    justify-items: center;
    text-align: center;
  }

  .key {
    display: grid;
    grid-template-columns: max-content max-content;
    gap: 0.5rem 0.75rem;
    align-items: center;
    text-align: start;
  }

  .key dt {
    justify-self: center;
  }

  .key .arrow {
    display: block;
    inline-size: 3rem;
    translate: 0 -4px;
  }

  .key [data-to="right"] {
    --accent: var(--stone-ink);
  }

  .key .after {
    margin: 0;
  }

  /* Equal rows: a flood redraws every row with each frame. */
  .row {
    position: relative;
    display: block;
    inline-size: 100%;
    block-size: 28px;
    min-block-size: 0;
    padding: 0 0.5rem;
    border: 0;
    border-radius: 0;
    font: 0.75rem / 28px var(--mono);
    text-align: start;
    white-space: pre;
    transition: none;
    contain: size layout;
  }

  [data-view="list"] .row {
    overflow-x: clip;
  }

  [data-view="sequence"] .row {
    block-size: 40px;
    line-height: 40px;
  }

  button.row:hover,
  .row[data-tied] {
    background: var(--stone-raised);
    color: inherit;
  }

  .row[aria-pressed="true"] {
    background: var(--stone-raised);
    box-shadow: inset 3px 0 var(--accent);
  }

  .row[data-tied] {
    box-shadow: inset 3px 0 var(--edge);
  }

  .row:focus-visible {
    outline-offset: -3px;
  }

  .quiet,
  .fold,
  .quiet-row {
    color: var(--muted);
  }

  .lesson-row {
    display: flex;
    gap: 0.75rem;
    align-items: center;
    font: 600 0.8125rem / 1 var(--sans);
  }

  .lesson-row::after {
    flex: 1;
    border-block-start: 1px solid var(--edge);
    content: "";
  }

  .fold,
  .quiet-row {
    font-family: var(--sans);
    font-size: 0.8125rem;
  }

  .brace {
    padding-inline-end: min(1rem, var(--time));
    font: 300 1.5rem / 1.5 var(--sans);
    text-align: end;
  }

  .lanes[data-dotted] {
    background: linear-gradient(var(--stone) 60%, transparent 0) 0 0 / 100% 5px,
      linear-gradient(90deg, transparent calc(50% - 0.5px), var(--lane) 0 calc(50% + 0.5px), transparent 0) 0 0 /
      calc(100% / var(--lanes)) 100%;
  }

  .lanes[data-dotted] .words {
    grid-row: 1 / -1;
    align-self: center;
  }

  .type {
    font-weight: 600;
  }

  .way {
    display: inline-block;
    inline-size: 2ch;
  }

  /* For a screen reader; without a box of its own, of which there would be one in every row. */
  .said {
    font-size: 0;
  }

  [data-direction="out"] .way,
  [data-view="list"] [data-direction="out"] .type {
    color: var(--accent);
  }

  [data-view="list"] :is([data-kind="open"], [data-kind="close"], [data-kind="state"]) .type {
    color: var(--ink);
    font-style: italic;
    font-weight: 400;
  }

  /* The sequence: a line for each end, and arrows between them. */
  .heads,
  .step {
    display: grid;
    grid-template-columns: var(--time) minmax(0, 1fr);
  }

  .wire {
    --time: 0rem;
    --lane: var(--stone-edge);
  }

  .heads {
    grid-template-columns: none;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    overflow: hidden;
    padding: 0 0.5rem 0.25rem calc(0.5rem + var(--time));
    scrollbar-width: thin;
    scrollbar-gutter: stable;
    font-size: 0.75rem;
    line-height: 1.3;
    text-align: center;
  }

  .heads b {
    align-self: end;
    padding-inline: 0.25rem;
    overflow-wrap: anywhere;
    font-weight: 600;
  }

  .heads [data-script] {
    color: var(--accent);
  }

  .step {
    position: absolute;
    inset: 0 0.5rem;
  }

  .time {
    overflow: hidden;
    color: var(--muted);
    line-height: 22px;
  }

  .lanes {
    display: grid;
    grid-template: 22px 18px / repeat(var(--halves), minmax(0, 1fr));
    background: linear-gradient(90deg, transparent calc(50% - 0.5px), var(--lane) 0 calc(50% + 0.5px), transparent 0) 0 0 /
      calc(100% / var(--lanes)) 100%;
  }

  .words {
    grid-row: 1;
    grid-column-end: -1;
    justify-self: start;
    max-inline-size: 100%;
    margin-inline-start: 1px;
    padding-inline: 0.4375rem;
    overflow: hidden;
    background: var(--row, var(--stone));
    line-height: 22px;
    text-overflow: ellipsis;
  }

  .row:is(:hover, [aria-pressed="true"], [data-tied]) {
    --row: var(--stone-raised);
  }

  .words .type {
    margin-inline-end: 1ch;
  }

  .mark,
  .after {
    margin-inline-end: 1ch;
    color: var(--muted);
  }

  .after {
    padding: 0.0625rem 0.3125rem;
    border-radius: 3px;
    background: var(--stone-raised);
    color: var(--ink);
  }

  .lost {
    color: var(--bad);
  }

  .arrow {
    position: relative;
    grid-row: 2;
    block-size: 8px;
    border-block-end: 2px solid var(--accent);
  }

  /* A head of two strokes: they stay when a person has chosen the colours. */
  .arrow::after,
  .arrow[data-shape="both"]::before {
    position: absolute;
    inset-block-end: -5px;
    inline-size: 8px;
    block-size: 8px;
    border: solid var(--accent);
    border-width: 2px 2px 0 0;
    content: "";
  }

  .arrow[data-to="right"]::after,
  .arrow[data-shape="both"][data-to]::after {
    inset-inline: auto 1px;
    rotate: 45deg;
  }

  .arrow[data-to="left"]::after,
  .arrow[data-shape="both"]::before {
    inset-inline: 1px auto;
    rotate: -135deg;
  }

  [data-direction="out"] .arrow {
    --accent: var(--stone-ink);
  }

  [data-kind="state"] .arrow,
  [data-kind="request"] .arrow,
  [data-kind="response"] .arrow,
  [data-kind="sse"] .arrow {
    border-block-end-style: dashed;
  }

  [data-kind="state"] .type,
  [data-kind="open"] .type,
  [data-kind="close"] .type {
    font-style: italic;
  }

  .arrow[data-shape="cut"] {
    --accent: var(--bad);

    border-block-end: 2px dashed var(--bad);
  }

  .arrow[data-shape="cut"]::after {
    inset: auto 0 -0.625rem;
    inline-size: auto;
    block-size: auto;
    border: 0;
    color: var(--bad);
    font: 700 1rem / 1.25 var(--sans);
    text-align: center;
    rotate: none;
    content: "✕";
  }

  .arrow[data-shape="aside"] {
    grid-column: auto;
    inline-size: 9px;
    block-size: 9px;
    margin-inline-start: -5px;
    border: 2px solid var(--muted);
    border-radius: 50%;
    background: var(--stone);
  }

  .arrow[data-shape="aside"]::after {
    content: none;
  }

  .words[data-late][data-low] {
    grid-column-start: 1;
    justify-self: end;
    margin-inline: 0 1px;
  }

  @media (prefers-reduced-motion: no-preference) {
    [data-fresh] .arrow {
      animation: travel 320ms cubic-bezier(0.2, 0, 0.2, 1);
    }

    [data-fresh] .arrow[data-to="right"] {
      transform-origin: left;
    }

    [data-fresh] .arrow[data-to="left"] {
      transform-origin: right;
    }
  }

  @keyframes travel {
    from {
      transform: scaleX(0);
    }
  }

  @media (forced-colors: active) {
    .wire {
      --lane: CanvasText;
    }

    .row:is([aria-pressed="true"], [data-tied]) {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }

  .status {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
    align-items: center;
    justify-content: space-between;
    min-block-size: 2rem;
    color: var(--muted);
    font-size: 0.875rem;
  }

  .foot p {
    flex: 1;
    min-inline-size: 0;
  }

  .status h3 {
    color: var(--ink);
  }

  .details {
    display: grid;
    gap: 0.375rem;
    grid-template-columns: minmax(0, 1fr);
  }

  rosetta-wire-content {
    block-size: 11rem;
  }

  .details[data-content="bytes"] rosetta-wire-content {
    block-size: 20rem;
  }

  .path {
    display: none;
  }

  .server {
    color: var(--accent);
  }

  @container wire (inline-size <= 26rem) {
    .size {
      display: none;
    }
  }

  @container wire (inline-size > 26rem) {
    .wire {
      --time: 5rem;
    }
  }

  @container wire (inline-size > 40rem) {
    .path {
      display: inline;
    }
  }
`;

/** The style of the panel *Wire log*. */
export const style: CSSResult[] = [looks, ...places];
