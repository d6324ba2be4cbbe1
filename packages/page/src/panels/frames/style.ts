import { css } from "lit";

/** The style of the panel *Frames*. */
export const style = css`
  .lines {
    block-size: 5.25rem;
  }

  .end {
    min-block-size: 1.3125rem;
    margin-block-start: 0.375rem;
  }

  .frame,
  .text {
    display: grid;
    gap: 0.5rem;
  }

  .characters {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr));
    gap: 1px;
    padding: 1px;
  }

  .characters li {
    display: grid;
    align-content: start;
    padding: 0.375rem 0.5rem;
    background: var(--field);
    box-shadow: 0 0 0 1px var(--edge);
    font-size: 0.8125rem;
    min-inline-size: 0;
  }

  .characters b {
    font-size: 1.125rem;
  }
`;
