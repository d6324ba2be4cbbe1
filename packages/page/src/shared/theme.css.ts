import { css } from "lit";

/** The style that all parts of the page share: text, forms, buttons, lists. */
export const theme = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :host {
    display: block;
  }

  /* Each server has a colour of its own; all of them at once have the colour of none. */
  :host([data-script="0"]),
  [data-script="0"] {
    --accent: var(--ink);
    --on-accent: var(--paper);
  }

  :host([data-script="1"]),
  [data-script="1"] {
    --accent: var(--lapis);
  }

  :host([data-script="2"]),
  [data-script="2"] {
    --accent: var(--ochre);
  }

  :host([data-script="3"]),
  [data-script="3"] {
    --accent: var(--malachite);
  }

  :host([data-script="4"]),
  [data-script="4"] {
    --accent: var(--porphyry);
  }

  h2,
  h3,
  p,
  dl,
  dd,
  ol,
  ul,
  fieldset {
    margin: 0;
    padding: 0;
  }

  ol,
  ul {
    list-style: none;
  }

  fieldset {
    border: 0;
    min-inline-size: 0;
  }

  legend {
    padding: 0;
  }

  h2 {
    font: 650 var(--text-4) / 1.3 var(--sans);
    letter-spacing: -0.01em;
    text-wrap: balance;
  }

  h3 {
    font: 600 var(--text-2) / 1.4 var(--sans);
  }

  section {
    display: grid;
    gap: 1rem;
    align-content: start;
    /* A long word in one panel must not widen its column. */
    grid-template-columns: minmax(0, 1fr);
  }

  /* A panel that is alone in a lesson needs no title of its own, and one beside others of its kind no words at all. */
  section > header {
    display: var(--header-display, block);
  }

  section > header > h2 {
    display: var(--title-display, block);
  }

  .intro {
    display: var(--intro-display, block);
    margin-block-start: 0.125rem;
    color: var(--muted);
    font-size: var(--text-2);
    max-inline-size: 68ch;
    text-wrap: pretty;
  }

  code,
  kbd,
  pre,
  .mono {
    font-family: var(--mono);
    font-size: 0.875em;
  }

  em {
    font-style: italic;
  }

  /* What a panel shows before something of its own has happened. */
  .example {
    padding: 0.0625rem 0.5rem;
    border: 1px dashed var(--edge);
    border-radius: 1rem;
    color: var(--muted);
    font-size: var(--text-1);
    font-weight: 400;
    white-space: nowrap;
  }

  .number {
    font-variant-numeric: tabular-nums;
  }

  .muted {
    color: var(--muted);
  }

  .good {
    color: var(--good);
  }

  .warn {
    color: var(--warn);
  }

  .bad {
    color: var(--bad);
  }

  .break {
    overflow-wrap: anywhere;
  }

  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  /* Forms: a label above its field, buttons beside it on the same line. */
  form,
  .fields {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
    align-items: end;
  }

  .field {
    display: grid;
    gap: 0.25rem;
    min-inline-size: 0;
  }

  .grow {
    flex: 1 1 11rem;
  }

  .whole {
    flex: 1 0 100%;
    max-inline-size: 100%;
  }

  /* Two things on one line, at its ends. */
  .apart {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
    align-items: center;
    justify-content: space-between;
  }

  label,
  legend,
  .label {
    font-size: var(--text-2);
    font-weight: 600;
    line-height: 1.4;
  }

  .hint {
    color: var(--muted);
    font-size: var(--text-2);
  }

  input,
  select,
  button {
    font: inherit;
    color: inherit;
  }

  input:not([type="radio"], [type="checkbox"]),
  select {
    inline-size: 100%;
    min-block-size: 2.5rem;
    padding: 0.375rem 0.625rem;
    border: 1px solid var(--edge);
    border-radius: var(--round);
    background-color: var(--field);
  }

  input[type="file"] {
    padding: 0.3125rem;
    font-size: var(--text-2);
  }

  input::file-selector-button {
    margin-inline-end: 0.625rem;
    padding: 0.1875rem 0.625rem;
    border: 1px solid var(--edge);
    border-radius: 3px;
    background: none;
    color: inherit;
    font: inherit;
  }

  input[type="radio"],
  input[type="checkbox"] {
    inline-size: 1.0625rem;
    block-size: 1.0625rem;
    margin: 0;
    accent-color: var(--accent);
  }

  input[aria-invalid="true"] {
    border-color: var(--bad);
  }

  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
  }

  .choice {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-block-size: 1.75rem;
    font-weight: 400;
  }

  button {
    min-block-size: 2.5rem;
    padding: 0.375rem 0.8125rem;
    border: 1px solid var(--edge);
    border-radius: var(--round);
    background: none;
    font-weight: 500;
    white-space: nowrap;
    cursor: pointer;
  }

  button:hover {
    border-color: var(--accent);
    color: var(--accent);
  }

  button.main {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  button.main:hover {
    filter: brightness(1.1);
    color: var(--on-accent);
  }

  button.small {
    min-block-size: 2rem;
    padding: 0.1875rem 0.625rem;
    font-size: var(--text-2);
  }

  /* Still in the tab order, so that a keyboard does not lose its place when a state changes. */
  button[aria-disabled="true"],
  button[aria-disabled="true"]:hover {
    border-color: var(--line);
    background: none;
    color: var(--muted);
    filter: none;
    cursor: default;
  }

  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }

  /* In a bar it is always in sight: without this the padding of the page would scroll the page away. */
  :is(a, button, input, select, textarea, [tabindex]) {
    scroll-margin-block: var(--above, 0) var(--below, 0);
  }

  /* Facts: a name and its value on one line, all values on one edge. */
  dl.facts {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.375rem 1.25rem;
    font-size: var(--text-2);
  }

  dl.facts dt {
    color: var(--muted);
  }

  /*
   * Lines that come in: a box of fixed height that scrolls, so that nothing below it moves. What does not fit fades
   * out, instead of being cut through the middle of its letters.
   */
  .lines {
    block-size: 12rem;
    overflow: auto;
    padding-block-end: 1.75rem;
    border-block-start: 1px solid var(--line);
    scrollbar-width: thin;
    contain: strict;
    mask-image: linear-gradient(#000 calc(100% - 1.75rem), transparent);
  }

  .lines:focus-visible {
    mask-image: none;
    outline-offset: -3px;
  }

  h3 + .lines {
    margin-block-start: 0.375rem;
  }

  .lines li {
    padding-block: 0.375rem;
    font-size: var(--text-2);
  }

  .lines li + li {
    border-block-start: 1px solid var(--line);
  }

  .empty {
    padding-block: 0.625rem;
    color: var(--muted);
    font-size: var(--text-2);
  }

  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-size: var(--text-2);
  }

  th,
  td {
    padding: 0.375rem 0.75rem 0.375rem 0;
    border-block-end: 1px solid var(--line);
    text-align: start;
    vertical-align: baseline;
  }

  tbody th {
    color: var(--muted);
    font-weight: 400;
  }

  progress {
    appearance: none;
    inline-size: 100%;
    block-size: 0.5rem;
    border: 0;
    border-radius: 3px;
    background: var(--line);
    color: var(--accent);
  }

  progress::-webkit-progress-bar {
    border-radius: 3px;
    background: var(--line);
  }

  progress::-webkit-progress-value {
    border-radius: 3px;
    background: var(--accent);
  }

  progress::-moz-progress-bar {
    border-radius: 3px;
    background: var(--accent);
  }

  @media (prefers-reduced-motion: no-preference) {
    button,
    input,
    select {
      transition:
        border-color 120ms,
        background-color 120ms,
        color 120ms;
    }
  }

  @media (forced-colors: active) {
    button.main {
      border-width: 2px;
    }
  }
`;
