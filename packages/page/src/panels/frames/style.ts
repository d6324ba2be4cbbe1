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
    --box: 5.5rem;
  }

  .characters b {
    font-size: 1.125rem;
  }
`;
