import { css } from "lit";

/** The layout of the page: the lesson, its panels, the wire log beside them, the code below. */
export const appStyle = css`
  :host {
    --gutter: 1.25rem;
    /* Heights at the foot of the screen: the bar that makes servers fail, and the choice of a view. */
    --foot: 0px;
    --views: 0px;
    display: grid;
    grid-template: "head" auto "main" auto "wire" auto "code" auto / minmax(0, 1fr);
    align-content: start;
    min-block-size: 100dvh;
  }

  :host([data-fails]) {
    --foot: 2.75rem;
  }

  header,
  main,
  #code {
    padding-inline: var(--gutter);
  }

  header,
  .views,
  rosetta-failure-bar {
    --above: -4.5rem;
    --below: -3.5rem;
  }

  header {
    grid-area: head;
  }

  main {
    grid-area: main;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem 2.25rem;
    align-content: start;
    padding-block: 1.25rem 3rem;
  }

  .trouble {
    display: grid;
    grid-column: 1 / -1;
    gap: 0.5rem;
    justify-items: start;
  }

  main:focus,
  aside:focus,
  #panels:focus,
  #code:focus,
  #lesson:focus {
    outline: none;
  }

  .panels {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 1.25rem;
    align-content: start;
    min-inline-size: 0;
  }

  .alone .column,
  .columns .column {
    min-inline-size: 0;
    padding: 1.25rem;
    border: 1px solid var(--line);
    border-radius: calc(2 * var(--round));
    background: var(--field);
  }

  main[data-lesson] .panels[data-count="1"] .alone {
    --title-display: none;
  }

  /* The page's connection is not what such a lesson is about, only beside it. */
  main[data-lesson] .alone:has([data-panel="connection"]) {
    --intro-display: none;
  }

  /* One row for each panel, one column for each server. If there are too many, the row scrolls. */
  .columns {
    --header-display: none;
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(17.5rem, 1fr);
    gap: 1rem;
    padding-block-end: 0.25rem;
    overflow-x: auto;
  }

  .server {
    margin: -1.25rem -1.25rem 1rem;
    padding: 0.625rem 1.25rem;
    border-block-end: 1px solid var(--line);
    box-shadow: inset 0 3px var(--accent);
    border-radius: calc(2 * var(--round)) calc(2 * var(--round)) 0 0;
    color: var(--accent);
    font-weight: 650;
  }

  .server .partner {
    margin-inline-start: 0.375rem;
    color: var(--muted);
    font-size: var(--text-1);
    font-weight: 400;
  }

  aside {
    grid-area: wire;
    container: wire / inline-size;
    background: var(--stone);
  }

  rosetta-wire-log {
    block-size: 50rem;
    padding: 1.25rem;
  }

  #code {
    grid-area: code;
    padding-block: 2rem 3rem;
    border-block-start: 1px solid var(--line);
    /* The first view does not wait for what stands below it. */
    content-visibility: auto;
    contain-intrinsic-block-size: auto 60rem;
  }

  .views {
    position: sticky;
    inset-block-end: 0;
    z-index: 1;
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: 1fr;
    border-block-start: 1px solid var(--line);
    background: var(--raised);
  }

  .views button {
    min-block-size: 3rem;
    border: 0;
    border-radius: 0;
  }

  .views button[aria-pressed="true"] {
    box-shadow: inset 0 3px var(--accent);
    color: var(--accent);
    font-weight: 650;
  }

  @media (width < 60rem) {
    :host {
      --gutter: 1rem;
    }

    :host([view="do"]) :is(aside, #code),
    :host([view="wire"]) :is(main, #code),
    :host([view="code"]) :is(main, aside) {
      display: none;
    }

    :host(:not([view="all"])) {
      --views: 3rem;
      grid-template: "head" auto "main" 1fr "views" auto / minmax(0, 1fr);
    }

    /* Above the choice of a view, and over the end of the content. */
    rosetta-failure-bar {
      grid-row: main;
      align-self: end;
    }

    :host(:not([view="all"])) :is(aside, #code) {
      grid-area: main;
    }

    .views {
      grid-area: views;
    }

    /* As high as the screen, with room for the button over its end. */
    :host(:not([view="all"])) rosetta-wire-log {
      block-size: calc(100dvh - var(--head) - var(--views));
      min-block-size: 28rem;
      padding: 0.75rem 1rem 0.5rem;
    }

    :host([data-fails]:not([view="all"])) rosetta-wire-log {
      padding-block-end: 3.75rem;
    }

    main {
      gap: 0.875rem;
      padding-block-start: 0.75rem;
    }

    /* The question and the step say it, too. */
    main[data-lesson] .alone {
      --intro-display: none;
    }

    main[data-lesson] .panels[data-count="1"] .alone {
      --header-display: none;
    }

    .alone .column {
      padding: 1rem;
    }
  }

  @media (width >= 60rem) {
    :host {
      --gutter: 1.75rem;
    }

    .views {
      display: none;
    }

    :host([data-panels]:not([every])) {
      grid-template: "head head" auto "main wire" 1fr "code code" auto / minmax(0, 1fr) minmax(23rem, 36%);
    }

    :host([data-panels]:not([every])) rosetta-wire-log {
      --above: -4.5rem;
      --below: -3.5rem;

      position: sticky;
      inset-block-start: var(--head);
      block-size: calc(100dvh - var(--head) - var(--foot));
      min-block-size: 34rem;
      padding: 1.25rem 1.5rem 1rem;
    }

    :host([every]) rosetta-wire-log {
      block-size: 46rem;
      padding-inline: var(--gutter);
    }
  }

  @media (60rem <= width < 100rem) {
    /* The columns of several servers need the whole width, so the steps stand above them. */
    :host([every]) [data-part="Do"] ol {
      grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr));
    }
  }

  @media (width >= 80rem) {
    .closing {
      grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
      max-inline-size: none;
    }

    .turn {
      grid-column: 1 / -1;
    }

    /* The steps stay in view beside a panel that is higher than the screen. */
    :host(:not([every])) main[data-lesson] {
      grid-template-columns: minmax(0, 15rem) minmax(0, 1fr);
    }

    :host(:not([every])) main[data-lesson] > :is(.opening, rosetta-guess, .closing) {
      grid-column: 1 / -1;
    }

    /* Within a box as high as the panel: in the grid itself they would stay in view over the parts below it. */
    :host(:not([every])) .guide {
      position: sticky;
      inset-block-start: calc(var(--head) + 1.25rem);
    }
  }

  @media (width >= 100rem) {
    :host {
      --gutter: 2.5rem;
    }

    :host(:is([every], :not([every]))) main[data-lesson] {
      grid-template-columns: minmax(0, 18rem) minmax(0, 1fr);
    }

    main[data-lesson] > :is(.opening, rosetta-guess, rosetta-comparison, .closing) {
      grid-column: 1 / -1;
    }

    :host(:not([every])) main:not([data-lesson]) .panels {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
`;
