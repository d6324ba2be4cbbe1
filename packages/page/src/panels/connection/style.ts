import { css } from "lit";

/** The style of the panel *Connection*. */
export const style = css`
  .name {
    display: flex;
    gap: 0.75rem;
    align-items: center;
    font: 600 1.625rem / 1.2 var(--mono);
  }

  .dot {
    inline-size: 0.875rem;
    block-size: 0.875rem;
    border: 3px solid var(--warn);
    border-radius: 50%;
  }

  [data-state="open"] .dot {
    border-color: var(--good);
    background: var(--good);
  }

  [data-state="stopped"] .dot,
  [data-state="idle"] .dot {
    border-color: var(--edge);
  }

  .more {
    display: grid;
    gap: 0.5rem;
    align-content: start;
    /* Room for the countdown: the panel below keeps its place. */
    min-block-size: 9.25rem;
    font-size: 0.9375rem;
  }

  .notice:empty {
    display: none;
  }

  .countdown {
    font-weight: 600;
  }

  progress {
    block-size: 0.25rem;
  }
`;
