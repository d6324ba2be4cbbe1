import { css } from "lit";

/** The style of the panel *Streams of tokens*. */
export const style = css`
  .ask {
    align-items: center;
  }

  .prompt {
    font-size: var(--text-4);
    font-style: italic;
  }

  .devices {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 11.5rem), 1fr));
    gap: 1rem;
  }

  article {
    display: grid;
    grid-template-rows: max-content minmax(0, 1fr);
    gap: 0.5rem;
    padding: 0.75rem 1rem 1rem;
    border: 1px solid var(--line);
    border-radius: var(--round);
  }

  article header {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1rem;
    align-items: baseline;
    justify-content: space-between;
  }

  /* As high as the whole answer, so that nothing below it moves. */
  .answer {
    min-block-size: 6lh;
    text-wrap: pretty;
  }

  @media (width < 46rem) {
    .answer {
      min-block-size: 4lh;
    }
  }

  header .muted {
    font-size: var(--text-2);
  }

  article .fields {
    gap: 0.5rem;
  }

  .counts {
    min-block-size: 1lh;
    font-size: var(--text-2);
  }

  .hint {
    min-block-size: 2lh;
  }
`;
