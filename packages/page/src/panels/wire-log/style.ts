import { css } from "lit";

/** The style of the panel *Wire log*. */
export const style = css`
  :host {
    --ink: var(--stone-ink);
    --muted: var(--stone-muted);
    --line: var(--stone-line);
    --edge: var(--stone-edge);
    --field: var(--stone-field);
    color: var(--ink);
    /* The accents as they are in the dark, and native parts such as the clear button of the search field. */
    color-scheme: dark;
  }

  section {
    block-size: 100%;
    /* Fixed below, so that choosing a row does not move the rows. */
    grid-template-rows: auto auto minmax(10rem, 1fr) auto minmax(0, 14rem) auto;
    gap: 0.75rem;
  }

  .filter {
    flex: 1 1 7rem;
  }

  .rows {
    overflow: auto;
    overflow-x: hidden;
    margin-inline: -0.5rem;
    border-block: 1px solid var(--line);
    scrollbar-width: thin;
    /* The rows in sight are exchanged under the reader; the browser must not try to help. */
    overflow-anchor: none;
    contain: strict;
  }

  /* All rows are cut in one place, between two characters. */
  .rows > div > div {
    inline-size: round(down, 100% - 0.5rem, 1ch);
    overflow-x: clip;
    font: 0.75rem / 28px var(--mono);
  }

  /* One line of text with its columns in characters: a flood redraws every row with each frame. */
  .row {
    display: block;
    inline-size: 100%;
    block-size: 28px;
    min-block-size: 0;
    padding: 0 0.5rem;
    border: 0;
    border-radius: 0;
    font: inherit;
    text-align: start;
    white-space: pre;
    transition: none;
    contain: size layout;
  }

  .row:hover {
    background: var(--stone-raised);
    color: inherit;
  }

  .row[aria-pressed="true"] {
    background: var(--stone-raised);
    box-shadow: inset 3px 0 var(--accent);
  }

  .row:focus-visible {
    outline-offset: -3px;
  }

  .quiet {
    color: var(--muted);
  }

  .row .type {
    font-weight: 600;
  }

  .arrow {
    display: inline-block;
    inline-size: 2ch;
  }

  /* For a screen reader; without a box of its own, of which there would be one in every row. */
  .said {
    font-size: 0;
  }

  [data-direction="out"] .arrow,
  [data-direction="out"] .type {
    color: var(--accent);
  }

  [data-kind="open"] .type,
  [data-kind="close"] .type,
  [data-kind="state"] .type {
    color: var(--ink);
    font-style: italic;
    font-weight: 400;
  }

  .status {
    display: flex;
    gap: 1rem;
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

  .status label {
    white-space: nowrap;
  }

  .status h3 {
    color: var(--ink);
  }

  .details {
    display: grid;
    gap: 0.375rem;
    align-content: start;
    grid-template: auto minmax(0, max-content) auto / minmax(0, 1fr);
    min-block-size: 0;
  }

  .box {
    margin: 0;
    overflow: auto;
    padding: 0.75rem;
    border-radius: 3px;
    background: var(--stone-field);
  }

  pre {
    font-size: 0.75rem;
    line-height: 1.6;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    scrollbar-width: thin;
  }

  .path {
    display: none;
  }

  .server {
    color: var(--accent);
  }

  @container wire (inline-size > 40rem) {
    .path {
      display: inline;
    }
  }
`;
