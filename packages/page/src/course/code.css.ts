import { css } from "lit";

/** The style of code, wherever it is shown: its lines, and what its pieces are. */
export const codeStyle = css`
  pre {
    margin: 0;
    padding: 0.75rem;
    border: 1px solid var(--line);
    border-radius: var(--round, 3px);
    background: var(--field);
    box-shadow: inset 3px 0 var(--accent);
    font-size: 0.8125rem;
    line-height: 1.6;
    tab-size: 2;
  }

  pre code {
    display: grid;
    font-size: inherit;
  }

  /* A line that is too long goes on further in, so that it is not taken for the next. */
  .line {
    min-block-size: 1.6em;
    padding-inline-start: 4ch;
    text-indent: -4ch;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }

  .k {
    color: var(--lapis);
    font-weight: 600;
  }

  .s {
    color: var(--good);
  }

  .c {
    color: var(--muted);
    font-style: italic;
  }

  .f {
    color: var(--warn);
  }

  .n,
  .t {
    color: var(--ochre);
  }
`;
