import { css } from "lit";

/** The style of a lesson. */
export const articleStyle = css`
  .lesson {
    display: grid;
    gap: 1rem;
    align-content: start;
    max-inline-size: 65ch;
    min-inline-size: 0;
  }

  .lesson #lesson {
    font-size: 1.5rem;
  }

  .lesson :is(p, li) {
    text-wrap: pretty;
  }

  .question {
    font-size: 1.0625rem;
  }

  .part {
    gap: 0.25rem;
  }

  .part :is(ol, ul) {
    display: grid;
    gap: 0.25rem;
    padding-inline-start: 1.25rem;
  }

  .part ol {
    list-style: decimal;
  }

  .part ul {
    list-style: disc;
  }

  [data-part="Trap"] {
    padding-inline-start: 0.875rem;
    border-inline-start: 3px solid var(--warn);
  }

  .turn {
    display: flex;
    justify-content: space-between;
    gap: 1rem;
  }

  .turn a,
  .lesson a {
    color: var(--accent);
  }
`;
