import { css, html, type TemplateResult } from "lit";
import type { DrawnFrame, FramePart } from "./frame.ts";

/** Draws a frame, a box for each of its fields. `label` is the id of its heading. */
export function frameBoxes(label: string, { parts }: DrawnFrame): TemplateResult {
  return html`<ol class="boxes parts" aria-labelledby=${label}>${parts.map(boxOf)}</ol>`;
}

/** Says how many bytes a frame has, and what they are for. */
export function frameTotal({ headerBytes, payloadBytes }: DrawnFrame): string {
  const [payload, total] = [payloadBytes, headerBytes + payloadBytes].map((bytes) =>
    bytes.toLocaleString("en"),
  );
  return `${headerBytes} B header + ${payload} B message = ${total} B`;
}

/** The style of a drawn frame, and of other rows of boxes: `--box` is the least width of one. */
export const frameBoxesStyle = css`
  .boxes {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(var(--box, 7.25rem), 1fr));
    gap: 1px;
    padding: 1px;
  }

  .boxes li {
    display: grid;
    align-content: start;
    padding: 0.375rem 0.5rem;
    background: var(--field);
    /* Between neighbours one line, and none around places that stay empty. */
    box-shadow: 0 0 0 1px var(--edge);
    font-size: 0.8125rem;
    min-inline-size: 0;
  }

  .parts code {
    order: -1;
    font-size: 1rem;
    font-weight: 600;
    overflow-wrap: break-word;
  }

  .parts .wide {
    grid-column: 1 / -1;
    min-block-size: 4.75rem;
  }

  .parts li:not(.wide) code {
    white-space: nowrap;
  }

  .parts .payload code {
    color: var(--accent);
  }
`;

function boxOf({ name, value, words }: FramePart): TemplateResult {
  return html`<li class=${shapeOf(name)}><b>${name}</b> <code>${value}</code> <span class="muted">${words}</span></li>`;
}

function shapeOf(name: string): string {
  if (name.endsWith("ayload")) return "wide payload";
  return name === "Length, 64 bits" ? "wide" : "";
}
