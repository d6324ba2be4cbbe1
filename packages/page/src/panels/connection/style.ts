import { css } from "lit";

/** The style of the panel *Connection*. */
export const style = css`
  .name {
    display: flex;
    gap: 0.75rem;
    align-items: center;
    font: 650 var(--text-5) / 1.2 var(--sans);
    letter-spacing: -0.01em;
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
    min-block-size: 7.5rem;
    font-size: var(--text-2);
  }

  /* What is below shall fit on the same screen. */
  @media (width < 60rem) {
    .more {
      min-block-size: 1.5rem;
    }

    dl.facts {
      display: none;
    }
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
