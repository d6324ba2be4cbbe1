import { css } from "lit";

/** The style of the pages around the course: the start, the end, and an address that is not there. */
export const aroundStyle = css`
  .around {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: clamp(2rem, 5vw, 3.5rem);
    inline-size: 100%;
    max-inline-size: 68rem;
    margin-inline: auto;
    padding-block: clamp(0.5rem, 3vw, 2.5rem) 3rem;
  }

  .hero {
    display: grid;
    gap: 0.75rem;
  }

  .hero h2 {
    font-size: var(--text-6);
    font-weight: 700;
    letter-spacing: -0.035em;
    line-height: 1.08;
  }

  .lead {
    max-inline-size: 58ch;
    color: var(--muted);
    font-size: var(--text-4);
    text-wrap: pretty;
  }

  .ways {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr));
    gap: 1rem;
  }

  .ways > li {
    display: grid;
    grid-template-rows: max-content 1fr max-content;
    gap: 0.5rem;
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: calc(2 * var(--round));
    background: var(--field);
    text-wrap: pretty;
  }

  .ways p {
    color: var(--muted);
    font-size: var(--text-2);
  }

  .around h3 {
    font-size: var(--text-4);
    font-weight: 650;
    letter-spacing: -0.01em;
  }

  .groups h3 {
    font-size: var(--text-2);
    font-weight: 600;
    letter-spacing: 0;
  }

  .around a:not(.groups a) {
    color: var(--accent);
  }

  .go {
    justify-self: start;
    padding-block: 0.375rem;
    font-weight: 600;
    text-underline-offset: 0.25em;
  }

  .go::after {
    content: " →" / "";
  }

  .command {
    margin: 0;
    padding: 0.5rem 0.75rem;
    overflow: auto;
    border-radius: var(--round);
    background: var(--stone);
    color: var(--stone-ink);
    font-size: var(--text-1);
    line-height: 1.5;
    white-space: pre-wrap;
  }

  .list {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
  }

  .able ul {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
    gap: 0.5rem 2rem;
  }

  .able li {
    display: grid;
    grid-template-columns: 1.25rem minmax(0, 1fr);
    text-wrap: pretty;
  }

  .able li::before {
    content: "✓" / "";
    color: var(--good);
    font-weight: 700;
  }

  .contents-of {
    padding-block-start: 1.5rem;
    border-block-start: 1px solid var(--line);
  }
`;
