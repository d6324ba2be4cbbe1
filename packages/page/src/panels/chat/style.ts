import { css } from "lit";

/** The style of the panel *Chat room*. */
export const style = css`
  fieldset {
    flex: 1 0 100%;
  }

  .here {
    display: grid;
    grid-template-columns: minmax(0, 1fr) max-content;
    gap: 0.25rem 1rem;
    align-items: center;
  }

  .members {
    grid-column: 1 / -1;
    display: flex;
    flex-wrap: wrap;
    gap: 0.125rem 1rem;
    max-block-size: 4.5rem;
    overflow: auto;
    color: var(--muted);
    font-size: 0.9375rem;
  }

  .sides {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
    gap: 1rem 1.5rem;
  }

  .fields .hint {
    flex: 1 0 100%;
  }

  .who {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.625rem;
    color: var(--muted);
    font-size: 0.875rem;
  }

  .who b {
    color: var(--ink);
    font-weight: 600;
  }
`;
