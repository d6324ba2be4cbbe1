import { css } from "lit";

/** The style of the bar that makes servers fail: a line at the foot of a wide screen, a button on a narrow one. */
export const failureBarStyle = css`
  :host {
    position: sticky;
    inset-block-end: 0;
    z-index: 1;
    grid-column: 1 / -1;
    border-block-start: 1px solid var(--line);
    background: var(--raised);
  }

  section,
  #failures {
    display: flex;
    gap: 0.375rem;
    align-items: center;
  }

  section {
    gap: 1rem;
    min-block-size: var(--foot);
    padding-inline: var(--gutter);
  }

  #failures {
    position: static;
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    overflow: visible;
  }

  .label {
    margin-inline-end: 0.5rem;
    color: var(--muted);
    white-space: nowrap;
  }

  button.small {
    background: var(--field);
  }

  button[aria-pressed="true"] {
    border-color: var(--bad);
    background: var(--bad);
    color: var(--paper);
  }

  button.small:hover {
    border-color: var(--bad);
    color: var(--bad);
  }

  button[aria-pressed="true"]:hover {
    color: var(--paper);
    filter: brightness(1.1);
  }

  .open {
    display: none;
  }

  .what {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .said {
    min-inline-size: 0;
    overflow: hidden;
    font-size: var(--text-2);
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  @media (width < 60rem) {
    :host {
      inset-block-end: var(--views);
      border: 0;
      background: none;
      pointer-events: none;
    }

    section {
      flex-direction: column;
      gap: 0.375rem;
      align-items: end;
      padding-block-end: 0.5rem;
    }

    .open {
      display: block;
      order: 2;
      min-block-size: 2.25rem;
      border-radius: 2rem;
      background: var(--raised);
      box-shadow: 0 0.125rem 0.5rem rgb(0 0 0 / 20%);
      color: var(--bad);
      font-size: var(--text-2);
      pointer-events: auto;
    }

    #failures:not(:popover-open) {
      display: none;
    }

    #failures {
      position: fixed;
      inset: auto 0.75rem calc(var(--views) + 0.75rem) 0.75rem;
      display: grid;
      gap: 0.625rem;
      inline-size: auto;
      padding: 0.875rem;
      border: 1px solid var(--line);
      border-radius: calc(2 * var(--round));
      background: var(--raised);
      box-shadow: 0 0.5rem 2rem rgb(0 0 0 / 25%);
      pointer-events: auto;
    }

    .way {
      display: grid;
      grid-template-columns: 5.75rem minmax(0, 1fr);
      gap: 0.75rem;
      align-items: center;
    }

    .what {
      position: static;
      inline-size: auto;
      block-size: auto;
      clip-path: none;
      color: var(--muted);
      font-size: var(--text-1);
      line-height: 1.35;
      white-space: normal;
    }

    .said {
      padding: 0.375rem 0.75rem;
      border: 1px solid var(--line);
      border-radius: var(--round);
      background: var(--raised);
      white-space: normal;
    }

    .said:empty {
      display: none;
    }
  }
`;
