import { css } from "lit";

/** The style of the panel *Close codes*. */
export const style = css`
  /* Room for three lines: nothing below moves. */
  .does {
    min-block-size: 3em;
  }

  [aria-busy="true"] {
    opacity: 0.5;
  }

  .own {
    inline-size: 6rem;
  }

  .happened {
    display: grid;
    gap: 0.625rem;
  }

  dl.facts {
    align-content: start;
    /* No example has more lines, so that nothing moves. */
    min-block-size: 16rem;
  }

  .code {
    font-weight: 600;
  }

  .codes {
    block-size: 15rem;
  }

  thead th,
  td:last-child {
    color: var(--muted);
    font-size: 0.875rem;
  }

  tbody th {
    color: var(--ink);
    white-space: nowrap;
  }

  tbody [aria-current] :is(th, td) {
    color: var(--accent);
    font-weight: 600;
  }
`;
