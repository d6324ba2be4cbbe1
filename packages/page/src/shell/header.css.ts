import { css } from "lit";

/** The style of the page's head: its name, the links that skip it, the course, and on a phone the choice of what to show. */
export const headerStyle = css`
  header {
    position: relative;
    display: grid;
    gap: 1rem;
    padding-block: 1.5rem 0.5rem;
  }

  h1 {
    margin: 0;
    font: 600 1.875rem / 1.2 var(--display);
    letter-spacing: -0.015em;
  }

  .name {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
    align-items: baseline;
  }

  .name p {
    color: var(--muted);
  }

  .skips {
    position: absolute;
  }

  .skip {
    position: absolute;
    inset-block-start: -1.25rem;
    z-index: 1;
    white-space: nowrap;
    padding: 0.5rem 0.875rem;
    border-radius: 3px;
    background: var(--accent);
    color: var(--on-accent);
  }

  .skip:not(:focus) {
    clip-path: inset(50%);
  }

  .course {
    min-inline-size: 0;
  }

  .course ol {
    display: flex;
    gap: 0 1.125rem;
    overflow-x: auto;
    scrollbar-width: thin;
    border-block-end: 1px solid var(--line);
  }

  .course a {
    display: block;
    padding-block: 0.5rem;
    color: var(--muted);
    font-size: 0.9375rem;
    text-decoration: none;
    white-space: nowrap;
  }

  .course a:hover {
    color: var(--accent);
  }

  .course a[aria-current] {
    color: var(--ink);
    font-weight: 600;
    box-shadow: inset 0 -3px var(--accent);
  }

  .views {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: 1fr;
  }

  .views button {
    border-radius: 0;
  }

  .views button + button {
    border-inline-start: 0;
  }

  .views button[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  @media (width >= 60rem) {
    .views {
      display: none;
    }

    .course a {
      font-size: 0.875rem;
    }

    .course ol {
      flex-wrap: wrap;
      gap: 0 0.875rem;
      border: 0;
    }
  }

  @media (width >= 82rem) {
    .course a {
      font-size: 0.9375rem;
    }
  }
`;
