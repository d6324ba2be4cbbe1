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

  /* One text in several scripts: each server has a colour and a typeface of its own. */
  :host([data-script="1"]),
  [data-script="1"] {
    --accent: var(--lapis);
    --display: var(--serif);
  }

  :host([data-script="2"]),
  [data-script="2"] {
    --accent: var(--ochre);
    --display: var(--sans);
  }

  :host([data-script="3"]),
  [data-script="3"] {
    --accent: var(--malachite);
    --display: var(--mono);
  }

  :host([data-script="4"]),
  [data-script="4"] {
    --accent: var(--porphyry);
    --display: var(--slab);
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
    font: 600 1.3125rem / 1.3 var(--display);
    letter-spacing: -0.005em;
    text-wrap: balance;
  }

  h3 {
    font: 600 0.875rem / 1.4 var(--sans);
  }

  section {
    display: grid;
    gap: 1.125rem;
    align-content: start;
    /* A long word in one panel must not widen its column. */
    grid-template-columns: minmax(0, 1fr);
  }

  .intro {
    margin-block-start: 0.375rem;
    color: var(--muted);
    font-size: 0.9375rem;
    max-inline-size: 60ch;
    text-wrap: pretty;
  }

  code,
  kbd,
  pre,
  .mono {
    font-family: var(--mono);
    font-size: 0.875em;
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
    font-size: 0.875rem;
    font-weight: 600;
    line-height: 1.4;
  }

  .hint {
    color: var(--muted);
    font-size: 0.875rem;
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
    border-radius: 3px;
    background-color: var(--field);
  }

  input[type="file"] {
    padding: 0.3125rem;
    font-size: 0.875rem;
  }

  input::file-selector-button {
    margin-inline-end: 0.625rem;
    padding: 0.1875rem 0.625rem;
    border: 1px solid var(--edge);
    border-radius: 2px;
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
    padding: 0.375rem 0.9375rem;
    border: 1px solid var(--edge);
    border-radius: 3px;
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
    font-size: 0.875rem;
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

  /* Facts: a name and its value on one line, all values on one edge. */
  dl.facts {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.375rem 1.25rem;
    font-size: 0.9375rem;
  }

  dl.facts dt {
    color: var(--muted);
  }

  /* Lines that come in: a box of fixed height that scrolls, so that nothing below it moves. */
  .lines {
    block-size: 13rem;
    overflow: auto;
    border-block: 1px solid var(--line);
    scrollbar-width: thin;
    contain: strict;
  }

  h3 + .lines {
    margin-block-start: 0.375rem;
  }

  .lines li {
    padding-block: 0.4375rem;
    font-size: 0.9375rem;
  }

  .lines li + li {
    border-block-start: 1px solid var(--line);
  }

  .empty {
    padding-block: 0.625rem;
    color: var(--muted);
    font-size: 0.9375rem;
  }

  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-size: 0.9375rem;
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
    border-radius: 2px;
    background: var(--line);
    color: var(--accent);
  }

  progress::-webkit-progress-bar {
    border-radius: 2px;
    background: var(--line);
  }

  progress::-webkit-progress-value {
    border-radius: 2px;
    background: var(--accent);
  }

  progress::-moz-progress-bar {
    border-radius: 2px;
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
