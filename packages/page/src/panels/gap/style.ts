import { css } from "lit";

/** The style of the panel *The gap*. */
export const style = css`
  .now {
    display: grid;
    gap: 0.125rem;
    align-content: start;
    min-block-size: 4.75rem;
    padding-inline-start: 0.75rem;
    border-inline-start: 4px solid var(--line);
  }

  .now[data-cut="true"] {
    border-color: var(--bad);
  }

  .told {
    font-weight: 600;
  }

  .now span {
    margin-inline-end: 0.75rem;
  }

  .cells {
    display: grid;
    grid-template-columns: repeat(24, minmax(0, 1fr));
    grid-auto-rows: 0.875rem;
    gap: 0.1875rem;
    align-content: start;
    block-size: 4.0625rem;
    margin-block: 0.375rem 0.5rem;
  }

  .cells span,
  .legend span {
    border: 2px solid transparent;
    border-radius: 2px;
    font: 600 0.6875rem / 0.75rem var(--sans);
    text-align: center;
    white-space: nowrap;
    forced-color-adjust: none;
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1rem;
  }

  .legend span {
    display: inline-block;
    inline-size: 0.75rem;
    block-size: 0.75rem;
  }

  span[data-kind="live"] {
    background: var(--edge);
  }

  /* Not by colour alone: what was sent again is round, what is away hollow, what is lost wide with a number. */
  span[data-kind="replayed"] {
    border-radius: 50%;
    background: var(--accent);
  }

  span[data-kind="earlier"] {
    border-color: var(--edge);
    border-radius: 50%;
  }

  span[data-kind="away"] {
    border-color: var(--edge);
  }

  span[data-kind="lost"] {
    border: 1px solid var(--bad);
    color: var(--bad);
  }

  .cells span[data-kind="lost"] {
    grid-column-end: span 6;
  }

  .lines li {
    display: grid;
    grid-template-columns: 3rem 4.5rem minmax(0, 1fr) 4.5rem;
    gap: 0.5rem;
    padding-block: 0.125rem;
    border: 0;
  }

  .lines b {
    font-weight: 400;
    text-align: end;
  }

  [data-kind="replayed"] b {
    color: var(--accent);
    font-weight: 600;
  }

  .facts dd {
    min-block-size: 1.4375rem;
  }
`;
