import { css } from "lit";

/** The style of the panel *Ways back*. */
export const style = css`
  svg {
    display: block;
    inline-size: 100%;
    max-inline-size: 26rem;
    margin-block: 0.5rem;
    overflow: visible;
  }

  svg text {
    fill: var(--ink);
    font: 600 13px var(--sans);
    text-anchor: middle;
    dominant-baseline: central;
  }

  .node rect {
    fill: var(--field);
    stroke: var(--edge);
  }

  .node[data-now] rect {
    fill: var(--accent);
    stroke: var(--accent);
  }

  .node[data-now] text {
    fill: var(--on-accent);
  }

  .way path {
    fill: none;
    stroke: var(--edge);
    stroke-width: 1.5;
    marker-end: url(#tip);
  }

  .tip {
    fill: var(--edge);
  }

  .way circle {
    fill: var(--paper);
    stroke: var(--edge);
  }

  .way text {
    font-size: 11px;
  }

  .way[data-now] path {
    stroke: var(--accent);
    stroke-width: 3;
  }

  .way[data-now] circle {
    fill: var(--accent);
    stroke: var(--accent);
  }

  .way[data-now] text {
    fill: var(--on-accent);
  }

  .edges li {
    display: grid;
    grid-template-columns: 1.5rem minmax(0, 1fr);
    color: var(--muted);
    font-size: 0.875rem;
  }

  .edges .number {
    font-weight: 600;
  }

  .edges [aria-current] {
    color: var(--accent);
  }

  .lines svg {
    block-size: 0.875rem;
    max-inline-size: none;
    margin-block: 0.25rem;
  }

  .axis {
    fill: var(--line);
  }

  .window {
    fill: var(--edge);
  }

  .drawn {
    fill: var(--accent);
  }

  .herd,
  .charts {
    display: grid;
    gap: 0.75rem;
    grid-template-columns: minmax(0, 1fr);
  }

  figure svg {
    max-inline-size: none;
    margin: 0.25rem 0 0;
  }

  figcaption {
    margin: 0;
    font-size: 0.875rem;
  }
`;
