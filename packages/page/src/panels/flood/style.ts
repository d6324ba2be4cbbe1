import { css } from "lit";

/** The style of the panel *A reader that stops reading*. */
export const style = css`
  .seconds {
    inline-size: 5.5rem;
  }

  figcaption {
    min-block-size: 2.75rem;
  }

  line {
    stroke: var(--warn);
  }

  line.drained {
    stroke: var(--good);
  }

  line:is(.slow, .closed) {
    stroke: var(--bad);
  }

  line.limit {
    stroke: var(--edge);
    stroke-dasharray: 4 4;
  }

  .lines {
    block-size: 9rem;
  }

  .lines li {
    display: grid;
    grid-template-columns: 3.25rem minmax(0, 1fr);
  }

  .mark {
    color: var(--warn);
  }

  .mark.drained {
    color: var(--good);
  }

  .mark:is(.slow, .closed) {
    color: var(--bad);
  }

  .says {
    min-block-size: 7rem;
    font-size: 0.9375rem;
  }
`;
