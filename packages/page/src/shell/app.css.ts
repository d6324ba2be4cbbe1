import { css } from "lit";

/** The layout of the page: the lesson, its panels, the wire log beside them, the code below. */
export const appStyle = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    min-block-size: 100dvh;
  }

  header,
  main,
  #code {
    padding-inline: 1.25rem;
  }

  main {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 2.5rem 3.5rem;
    align-content: start;
    padding-block: 1rem 3rem;
  }

  .trouble {
    display: grid;
    gap: 0.5rem;
    justify-items: start;
  }

  main:focus,
  aside:focus,
  #code:focus,
  #lesson:focus {
    outline: none;
  }

  .panels {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 3rem;
    align-content: start;
  }

  .column {
    min-inline-size: 0;
  }

  .columns {
    display: grid;
    gap: 2.5rem 2rem;
  }

  .server {
    margin-block-end: 0.75rem;
    padding-block-end: 0.25rem;
    border-block-end: 4px solid var(--accent);
    color: var(--accent);
    font: 600 1rem / 1.4 var(--display);
  }

  aside {
    container: wire / inline-size;
    background: var(--stone);
  }

  rosetta-wire-log {
    block-size: 50rem;
    padding: 1.75rem 1.25rem;
  }

  #code {
    padding-block: 2rem 3rem;
    border-block-start: 1px solid var(--line);
    /* The first view does not wait for what stands below it. */
    content-visibility: auto;
    contain-intrinsic-block-size: auto 60rem;
  }

  /* First what to do and where, then what to notice: the parts of the lesson stand around the panels. */
  @media (width < 82rem) {
    .lesson {
      display: contents;
    }

    .lesson > * {
      max-inline-size: 65ch;
    }

    main {
      row-gap: 1.25rem;
    }

    .panels,
    rosetta-comparison {
      order: 1;
      margin-block: 0.75rem;
    }

    .part:not([data-part="Do"]),
    .turn {
      order: 2;
    }
  }

  @media (width < 60rem) {
    :host([view="do"]) :is(aside, #code),
    :host([view="wire"]) :is(main, #code),
    :host([view="code"]) :is(main, aside) {
      display: none;
    }

    :host {
      grid-template-rows: max-content 1fr;
    }
  }

  @media (46rem <= width < 60rem) {
    .panels:not([data-count="1"]) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }

  @media (width >= 60rem) {
    :host {
      grid-template: "head wire" auto "panels wire" 1fr "code code" auto / minmax(0, 1fr) minmax(24rem, 40%);
    }

    header {
      grid-area: head;
    }

    main {
      grid-area: panels;
    }

    #code {
      grid-area: code;
    }

    header,
    main,
    #code {
      padding-inline: 2.5rem;
    }

    aside {
      grid-area: wire;
    }

    rosetta-wire-log {
      position: sticky;
      inset-block-start: 0;
      block-size: 100dvh;
      min-block-size: 38rem;
      padding: 1.75rem 2rem 1.25rem;
    }

    .columns {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }

    .columns:has(> :nth-child(3):last-child) {
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }

    :host([every]) {
      grid-template: "head" auto "panels" auto "wire" auto "code" auto / minmax(0, 1fr);
    }

    :host([every]) main {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      row-gap: 1rem;
    }

    :host([every]) .lesson {
      display: contents;
    }

    :host([every]) :is(#lesson, .panels, rosetta-comparison, .turn) {
      grid-column: 1 / -1;
    }

    :host([every]) :is(.panels, rosetta-comparison) {
      order: 1;
      margin-block: 1rem;
    }

    :host([every]) :is(.part:not([data-part="Do"]), .turn) {
      order: 2;
    }

    :host([every]) .panels {
      grid-template-columns: minmax(0, 1fr);
    }

    :host([every]) rosetta-wire-log {
      position: static;
      block-size: 46rem;
    }
  }

  @media (width >= 82rem) {
    .columns {
      grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr));
    }

    :host(:not([every])) {
      grid-template-columns: minmax(0, 1fr) minmax(30rem, 36%);
    }

    :host(:not([every])) main:has(.lesson) {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }

    :host(:not([every])) main:not(:has(.lesson)) .panels {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: 3rem 3.5rem;
    }
  }
`;
