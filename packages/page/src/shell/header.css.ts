import { css } from "lit";

/** The style of the page's head: its name, the links that skip it, the course. */
export const headerStyle = css`
  header {
    position: sticky;
    inset-block-start: 0;
    z-index: 2;
    display: flex;
    gap: 0.5rem 1.25rem;
    align-items: center;
    block-size: var(--head);
    border-block-end: 1px solid var(--line);
    background: var(--paper);
  }

  h1 {
    margin: 0;
    font: 650 var(--text-3) / 1.2 var(--sans);
    letter-spacing: -0.015em;
    white-space: nowrap;
  }

  h1 a {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    min-block-size: 2.75rem;
    color: inherit;
    text-decoration: none;
  }

  .mark {
    flex: none;
    inline-size: 1.75rem;
    block-size: 1.75rem;
    fill: none;
    stroke-width: 3;
  }

  .mark .stone {
    fill: light-dark(#1d2228, #2a3138);
  }

  .mark path:nth-of-type(2) {
    stroke: #8db5ff;
  }

  .mark path:nth-of-type(3) {
    stroke: #f2aa75;
  }

  .mark path:nth-of-type(4) {
    stroke: #6fd6b0;
  }

  .skips {
    position: absolute;
  }

  .skip {
    position: absolute;
    inset-block-start: -1.25rem;
    z-index: 1;
    padding: 0.5rem 0.875rem;
    border-radius: var(--round);
    background: var(--accent);
    color: var(--on-accent);
    white-space: nowrap;
  }

  .skip:not(:focus) {
    clip-path: inset(50%);
  }

  .course {
    display: flex;
    align-items: center;
    min-inline-size: 0;
    margin-inline-end: auto;
  }

  .turn-to {
    display: grid;
    place-items: center;
    flex: none;
    inline-size: 2rem;
    block-size: 2.5rem;
    border-radius: var(--round);
    color: var(--muted);
  }

  span.turn-to {
    opacity: 0.35;
  }

  a.turn-to:hover {
    color: var(--accent);
  }

  .turn-to svg {
    inline-size: 1rem;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  .contents {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    align-content: center;
    min-inline-size: 0;
    min-block-size: 2.75rem;
    padding: 0 2rem 0 0.625rem;
    border-color: transparent;
    line-height: 1.25;
    text-align: start;
  }

  .contents::after {
    content: "";
    position: absolute;
    inset-inline-end: 0.75rem;
    inset-block-start: calc(50% - 0.3125rem);
    inline-size: 0.375rem;
    block-size: 0.375rem;
    border: solid currentColor;
    border-width: 0 2px 2px 0;
    rotate: 45deg;
  }

  .where {
    overflow: hidden;
    font-size: var(--text-2);
    font-weight: 600;
    text-overflow: ellipsis;
  }

  .count {
    color: var(--muted);
    font-size: var(--text-1);
    font-weight: 400;
  }

  #contents {
    position: fixed;
    inset: calc(var(--head) + 0.25rem) auto auto max(0.75rem, min(6.5rem, 100% - 60.75rem));
    inline-size: min(60rem, 100% - 1.5rem);
    max-block-size: calc(100dvh - var(--head) - 1rem);
    margin: 0;
    padding: 1.25rem 1.5rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: calc(2 * var(--round));
    background: var(--raised);
    color: var(--ink);
    box-shadow: 0 1rem 3rem var(--shadow);
  }

  .rest {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.5rem;
    margin-block-start: 1rem;
    padding-block-start: 0.75rem;
    border-block-start: 1px solid var(--line);
    font-size: var(--text-2);
  }

  .rest a {
    padding-block: 0.25rem;
    color: var(--accent);
  }

  @media (width < 60rem) {
    header {
      gap: 0.5rem;
    }

    .turn-to {
      display: none;
    }
  }

  /* Only the mark; the name is still there for those who hear it. */
  @media (width < 84rem) {
    .name {
      position: absolute;
      inline-size: 1px;
      block-size: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }

  @media (60rem <= width < 68rem) {
    header {
      gap: 0.5rem;
    }

    .turn-to {
      display: none;
    }
  }

  @media (60rem <= width < 84rem) {
    .count {
      display: none;
    }
  }
`;
