import { css } from "lit";

/** The style of the panel *Cluster*. */
export const style = css`
  :host {
    container-type: inline-size;
  }

  .command {
    white-space: nowrap;
  }

  .places {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 0.5rem;
  }

  @container (width < 24rem) {
    .places {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }

  .places li {
    display: grid;
    gap: 0.125rem;
    align-content: start;
    padding: 0.5rem 0.625rem;
    border: 1px solid var(--line);
    border-block-start: 3px solid var(--accent);
    border-radius: var(--round);
  }

  /* Leaves room for members who arrive. */
  .places[data-open] li {
    min-block-size: 5.25rem;
  }

  .places li[data-away] {
    border-style: dashed;
    border-color: var(--bad);
  }

  .title {
    color: var(--accent);
    font-weight: 650;
  }

  .partner {
    overflow: hidden;
    font-size: var(--text-1);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .guests {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem;
  }

  .guests:not(:empty) {
    margin-block-start: 0.25rem;
  }

  .guest {
    padding: 0 0.5rem;
    border: 1px solid var(--edge);
    border-radius: 1rem;
    font-size: var(--text-1);
    line-height: 1.5;
  }

  .you {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
    font-weight: 650;
  }

  @media (prefers-reduced-motion: no-preference) {
    .you {
      animation: land 0.4s ease-out;
    }
  }

  @keyframes land {
    from {
      transform: translateY(-0.75rem);
    }
  }

  .strip {
    display: flex;
    flex-wrap: wrap;
    gap: 0.1875rem;
    margin-block-start: 0.5rem;
    min-block-size: 1.5rem;
  }

  .strip i {
    display: grid;
    place-items: center;
    min-inline-size: 1.5rem;
    block-size: 1.5rem;
    padding-inline: 0.125rem;
    border-radius: 3px;
    background: var(--accent);
    color: var(--on-accent);
    font-size: var(--text-1);
    font-style: normal;
    forced-color-adjust: none;
  }

  .moves {
    display: grid;
    gap: 0.25rem;
    font-size: var(--text-2);
  }

  .sums {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 1.75rem;
  }

  .sums dt {
    color: var(--muted);
    font-size: var(--text-1);
  }

  .sums dd {
    font-weight: 650;
  }
`;
