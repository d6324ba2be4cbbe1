import { css } from "lit";

/** The style of the code strip: its parts, the columns of a row, the lines that face each other. */
export const codeStripStyle = css`
  .head,
  .part > header {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 2rem;
    align-items: baseline;
  }

  .head .intro {
    margin: 0;
    flex: 1 1 16rem;
  }

  .part {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
    padding-block: 1rem 0.5rem;
    border-block-start: 1px solid var(--line);
  }

  .part > header {
    gap: 0.25rem 1rem;
  }

  .part h3 {
    font-size: 1rem;
  }

  .part > header p {
    flex: 1 1 20rem;
    max-inline-size: 70ch;
    color: var(--muted);
    font-size: 0.875rem;
  }

  article {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.5rem;
  }

  article + article {
    padding-block-start: 1rem;
    border-block-start: 1px dashed var(--line);
  }

  h4 {
    margin: 0;
    font: 600 0.9375rem / 1.4 var(--mono);
  }

  .excerpts,
  .row,
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1rem 1.5rem;
    align-items: start;
  }

  figure {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    margin: 0;
    min-inline-size: 0;
  }

  figure:not([data-script]) {
    --accent: var(--edge);
  }

  /* Whoever scrolls through long code still sees whose it is. */
  figcaption {
    position: sticky;
    inset-block-start: var(--head, 0px);
    z-index: 1;
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
    align-content: start;
    padding-block: 0.25rem 0.375rem;
    background: var(--paper);
    font-size: 0.875rem;
  }

  .names {
    flex: 1;
    align-self: center;
  }

  figcaption b {
    color: var(--accent);
    font-weight: 600;
  }

  .places {
    flex: 1 0 100%;
    order: 1;
    font-size: 0.8125rem;
  }

  .places li {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
  }

  .place {
    min-block-size: 1.5rem;
    padding: 0;
    border: 0;
    color: var(--muted);
    font: 400 0.75rem / 1.5 var(--mono);
    text-align: start;
    text-decoration: underline dotted;
    text-underline-offset: 0.2em;
    white-space: normal;
    overflow-wrap: anywhere;
  }

  figcaption a,
  figcaption .link {
    color: var(--accent);
    align-self: center;
  }

  figure:not([data-script]) :is(a, .link) {
    color: var(--lapis);
  }

  figcaption button.small {
    align-self: start;
    min-block-size: 1.75rem;
    padding: 0 0.5rem;
    font-size: 0.8125rem;
  }

  .dimmed .same,
  .dimmed .same span {
    color: var(--muted);
    font-weight: 400;
  }

  .unfold {
    justify-self: start;
  }

  /* A word that the glossary explains. */
  dfn {
    font-style: inherit;
    text-decoration: underline dotted var(--edge);
    text-decoration-thickness: 1px;
    text-underline-offset: 0.25em;
    cursor: help;
  }

  .tip {
    position: fixed;
    inset: auto;
    max-inline-size: min(22rem, calc(100vw - 1rem));
    margin: 0;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--edge);
    border-radius: var(--round, 3px);
    background: var(--raised, var(--field));
    color: var(--ink);
    font-size: 0.875rem;
    line-height: 1.45;
  }

  .decided {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
  }

  h5 {
    margin: 0;
    padding-block-start: 0.25rem;
    color: var(--muted);
    font: 600 0.875rem / 1.4 var(--sans);
  }

  .decided pre {
    box-shadow: none;
    background: none;
  }

  summary {
    inline-size: fit-content;
    min-block-size: 1.75rem;
    color: var(--muted);
    font-size: 0.875rem;
    cursor: pointer;
  }

  details li {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.75rem;
    padding-block: 0.1875rem;
    font-size: 0.875rem;
  }

  details .what {
    flex: 1 1 18rem;
  }

  .gap {
    background: repeating-linear-gradient(-45deg, transparent 0 6px, var(--line) 6px 7px);
    opacity: 0.6;
  }

  /* Stacked columns have nothing to face, and each stands in the way of the next. */
  @media (width < 60rem) {
    .gap,
    .folded .line:nth-of-type(n + 11) {
      display: none;
    }

    .folded pre {
      border-block-end-style: dashed;
    }
  }

  @media (width >= 60rem) {
    .long.folded .line:nth-of-type(n + 21),
    article:not(.long) > .unfold {
      display: none;
    }

    .long.folded pre {
      border-block-end-style: dashed;
    }

    .excerpts:not(.alone) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }

    /* Four columns would be too narrow for code, so they stand two by two. */
    .columns:not([data-count="1"]) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      row-gap: 0;
    }

    /* The lines of all columns share their rows, so what corresponds stands at one height, however it wraps. */
    .columns > figure {
      grid-row: span var(--rows);
      grid-template-rows: subgrid;
    }

    .columns > figure > pre,
    .columns > figure > pre > code {
      display: grid;
      grid-template-rows: subgrid;
    }

    .columns > figure > pre {
      grid-row: 2 / -1;
      margin-block-end: 0.75rem;
    }

    .columns > figure > pre > code {
      grid-row: 1 / -1;
    }

    .row:has(> [data-count="1"] + .decided) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }

    .row > [data-count="1"] + .decided > .excerpts {
      grid-template-columns: minmax(0, 1fr);
    }
  }

  @media (width >= 75rem) {
    .columns[data-count="3"] {
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }
  }

  @media (width >= 100rem) {
    .row:has(> [data-count="2"] + .decided) {
      grid-template-columns: minmax(0, 2fr) minmax(0, 1fr);
    }

    .row > [data-count="2"] + .decided > .excerpts {
      grid-template-columns: minmax(0, 1fr);
    }
  }

  @media (width >= 110rem) {
    .columns[data-count="4"] {
      grid-template-columns: repeat(4, minmax(0, 1fr));
    }
  }
`;
