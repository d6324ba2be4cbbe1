import { css } from "lit";

/** The style of the panel *Crowd*. */
export const style = css`
  .crowd {
    margin-block: 0.375rem;
    border-block: 1px solid var(--line);
  }

  .crowd li {
    display: grid;
    grid-template-columns: 2ch minmax(0, 1fr) 9.5rem;
    gap: 0.625rem;
    align-items: center;
    block-size: 1.75rem;
    font-size: 0.875rem;
    white-space: nowrap;
  }

  .crowd li > :last-child {
    overflow: hidden;
    text-overflow: ellipsis;
  }

  svg {
    display: block;
    inline-size: 100%;
    block-size: 0.875rem;
  }

  rect[data-phase="open"] {
    fill: var(--good);
  }

  rect[data-phase="told"] {
    fill: var(--warn);
  }

  rect[data-phase="waiting"] {
    fill: var(--edge);
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1.25rem;
  }

  .legend i {
    display: inline-block;
    inline-size: 1.25rem;
    block-size: 0.75rem;
    margin-inline-end: 0.375rem;
  }

  i[data-phase="open"] {
    background: var(--good);
  }

  i[data-phase="told"] {
    background: var(--warn);
  }

  i[data-phase="waiting"] {
    block-size: 0.1875rem;
    margin-block-end: 0.25rem;
    background: var(--edge);
  }

  dl.facts {
    align-content: start;
  }
`;
