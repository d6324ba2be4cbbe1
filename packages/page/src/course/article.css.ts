import { css } from "lit";

/** The style of a lesson. */
export const articleStyle = css`
  .opening {
    display: grid;
    grid-template-columns: minmax(0, 1fr) max-content;
    gap: 0.25rem 1rem;
    align-items: baseline;
  }

  .opening #lesson {
    font-size: var(--text-5);
    letter-spacing: -0.02em;
    line-height: 1.2;
  }

  .eyebrow {
    color: var(--muted);
    font-size: var(--text-2);
  }

  .question {
    grid-column: 1 / -1;
    max-inline-size: 68ch;
    text-wrap: pretty;
  }

  .part {
    gap: 0.5rem;
    text-wrap: pretty;
  }

  .part > h3,
  .apart h3 {
    color: var(--muted);
    font-weight: 600;
  }

  .part .apart {
    font-size: var(--text-1);
  }

  [data-part="Do"] ol {
    display: grid;
    gap: 0.5rem;
  }

  [data-part="Do"] li {
    display: grid;
    grid-template-columns: 1.375rem minmax(0, 1fr);
    gap: 0.625rem;
    font-size: var(--text-2);
    line-height: 1.45;
  }

  .tick {
    display: grid;
    place-items: center;
    block-size: 1.375rem;
    border: 1px solid var(--edge);
    border-radius: 50%;
    color: var(--muted);
    font: 600 var(--text-1) / 1 var(--sans);
  }

  [aria-current="step"] .tick {
    border-color: var(--accent);
    background: var(--accent);
    color: var(--on-accent);
  }

  li[data-done="true"] {
    color: var(--muted);
  }

  [data-done="true"] .tick {
    border-color: var(--good);
    color: var(--good);
  }

  .all-steps {
    display: none;
  }

  /* A button or a field of the page, named in the text. */
  :is(.part, .question) strong {
    padding: 0.0625em 0.375em 0.125em;
    border: 1px solid var(--line);
    border-radius: 4px;
    background: var(--field);
    font-size: 0.9375em;
    font-weight: 600;
    box-decoration-break: clone;
  }

  .closing {
    display: grid;
    gap: 1.75rem;
    max-inline-size: 70ch;
  }

  .closing ul {
    display: grid;
    gap: 0.5rem;
    padding-inline-start: 1.125rem;
    list-style: disc;
  }

  .closing li::marker {
    color: var(--edge);
  }

  [data-part="Trap"] {
    align-self: start;
    padding: 0.75rem 1rem;
    border-inline-start: 3px solid var(--warn);
    border-radius: var(--round);
    background: color-mix(in srgb, var(--warn) 7%, transparent);
  }

  [data-part="Trap"] > h3 {
    color: var(--warn);
  }

  .closing a {
    color: var(--accent);
  }

  .turn {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 1rem;
  }

  .turn a {
    display: grid;
    padding: 0.625rem 1rem;
    border: 1px solid var(--line);
    border-radius: var(--round);
    font-weight: 600;
    text-decoration: none;
  }

  .turn a:hover {
    border-color: var(--accent);
  }

  .turn span {
    color: var(--muted);
    font-size: var(--text-1);
    font-weight: 400;
  }

  .onward {
    text-align: end;
  }

  @media (width < 60rem) {
    .eyebrow {
      display: none;
    }

    .question {
      font-size: 0.9375rem;
    }

    /* Only the step that is next, so that what it is about is on the same screen. */
    [data-part="Do"]:not([data-all]) li:not([aria-current]) {
      display: none;
    }

    .all-steps {
      display: block;
    }
  }
`;
