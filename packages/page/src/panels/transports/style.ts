import { css } from "lit";

/** The style of the panel *Three ways to the same events*. */
export const style = css`
  table {
    table-layout: fixed;
    font-size: 0.8125rem;
    line-height: 1.4;
    font-variant-numeric: tabular-nums;
  }

  th,
  td {
    padding: 0.25rem 0.25rem 0.25rem 0;
    overflow-wrap: break-word;
  }

  caption {
    text-align: start;
  }

  thead td {
    inline-size: 21%;
  }

  thead :is(th, td) {
    vertical-align: end;
    font-size: 0.75rem;
  }

  .events [scope="rowgroup"] {
    padding-block-start: 0.75rem;
    color: var(--ink);
    font-weight: 600;
  }

  /* Room for what a refusal says, so that it moves nothing. */
  .told td {
    block-size: 4.75rem;
    font-size: 0.8125rem;
  }

  figcaption {
    min-block-size: 4rem;
  }

  polyline {
    stroke: var(--line);
    stroke-width: 9;
  }

  polyline:nth-child(2) {
    stroke: var(--edge);
    stroke-width: 5;
  }

  polyline:nth-child(3) {
    stroke: var(--accent);
    stroke-width: 2;
  }
`;
