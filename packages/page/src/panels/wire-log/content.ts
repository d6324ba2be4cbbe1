import { paths } from "@rosetta/protocol";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { bytesOf, formatBytes, hexView, prettyText, textOfBytes } from "../../shared/format.ts";
import { theme } from "../../shared/theme.css.ts";
import { drawFrame } from "../../wire/frame.ts";
import { frameBoxes, frameBoxesStyle, frameTotal } from "../../wire/frame-boxes.ts";
import type { WireRecord } from "../../wire/record.ts";
import { type ContentView, isCut } from "./model.ts";

/** The masking key of the RFC's example (§5.7), because a browser does not show the key that it draws. */
const exampleKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** The content of one row. Loaded when the first is opened. */
export class WireContent extends LitElement {
  static override properties = { entry: { attribute: false }, view: {} };
  declare entry: WireRecord;
  declare view: ContentView;

  protected override render(): TemplateResult {
    return html`<div class="box" tabindex="0" role="group" aria-label="Content of the row">${contentOf(this.entry, this.view)}</div>`;
  }

  static override styles = [
    theme,
    frameBoxesStyle,
    css`
      .box {
        block-size: 100%;
        overflow: auto;
        padding: 0.75rem;
        border-radius: 3px;
        background: var(--field);
        scrollbar-width: thin;
      }

      h4 {
        margin: 0 0 0.5rem;
        font: 600 0.8125rem / 1.4 var(--sans);
      }

      .boxes,
      .hint {
        margin-block-end: 0.75rem;
        font-size: 0.8125rem;
      }

      pre {
        margin: 0;
        font-size: 0.75rem;
        line-height: 1.6;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];
}

// JSON field by field, binary as hex or text, or the frame that carried it.
function contentOf(entry: WireRecord, view: ContentView): TemplateResult {
  const { data } = entry;
  if (data === undefined) return html`<pre>${entry.note}</pre>`;
  if (view === "bytes") return frameOf(entry, data);
  if (typeof data === "string") return html`<pre>${prettyText(data)}</pre>${restOf(entry)}`;
  return html`<pre>${view === "text" ? textOfBytes(data) : hexView(data)}</pre>${restOf(entry)}`;
}

function frameOf(entry: WireRecord, data: string | Uint8Array): TemplateResult {
  const bytes = bytesOf(data);
  if (entry.path === paths.events || entry.path === paths.poll) {
    return html`<p class="hint">This came over HTTP, so there is no frame around it. A page cannot see its headers.</p>
      <pre>${hexView(bytes)}</pre>${restOf(entry)}`;
  }
  const isMasked = entry.direction === "out";
  const kind = typeof data === "string" ? "text" : "binary";
  const frame = drawFrame(kind, bytes, isMasked ? exampleKey : undefined, entry.size);
  return html`
    <h4 id="frame">The frame: ${frameTotal(frame)}</h4>
    ${frameBoxes("frame", frame)}
    ${isMasked ? html`<p class="hint">The browser drew another key, which it does not show. This is the example of RFC 6455.</p>` : nothing}
    <h4>The message in it</h4>
    <pre>${hexView(bytes)}</pre>
    ${restOf(entry)}
  `;
}

function restOf(entry: WireRecord): TemplateResult | typeof nothing {
  return isCut(entry)
    ? html`<p class="hint">The beginning; the message has ${formatBytes(entry.size)}.</p>`
    : nothing;
}

customElements.define("rosetta-wire-content", WireContent);
