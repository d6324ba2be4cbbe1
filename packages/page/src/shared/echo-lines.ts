import { css, html, nothing, type TemplateResult } from "lit";
import type { EchoBook, EchoLine, EchoOutcome } from "./echo-book.ts";
import { formatDuration } from "./format.ts";

const outcomes: Record<EchoOutcome, { text: string; tone: string }> = {
  queued: { text: "waits for a connection", tone: "warn" },
  sent: { text: "sent", tone: "muted" },
  equal: { text: "came back equal", tone: "good" },
  different: { text: "came back different", tone: "bad" },
  lost: { text: "lost: the connection ended first", tone: "bad" },
  rejected: { text: "not sent: the connection is closed, or too much is waiting", tone: "bad" },
  closed: { text: "answered by closing", tone: "good" },
};

/** Writes what became of a message, in words. */
export function outcomeText({ outcome, kind }: EchoLine): string {
  const { text } = outcomes[outcome];
  return outcome === "equal" ? `${text}, as ${kind}` : text;
}

/** Draws the messages to `/echo` and what came of each, newest first. */
export function echoLines({ lines }: EchoBook): TemplateResult {
  return html`
    <div>
      <h3 id="echoes">What came back</h3>
      <div class="lines" role="log" tabindex="0" aria-labelledby="echoes">
        ${lines.length === 0 ? html`<p class="empty">Nothing yet. What you send will show up here.</p>` : html`<ol>${lines.map(lineOf)}</ol>`}
      </div>
    </div>
  `;
}

/** How they are set. */
export const echoLinesStyle = css`
  .lines {
    block-size: 11rem;
  }

  .lines li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) max-content;
    gap: 0 1rem;
  }

  .lines li > :nth-child(even) {
    text-align: end;
  }

  .sent {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: pre;
  }
`;

function lineOf(line: EchoLine): TemplateResult {
  return html`
    <li>
      <span class="sent">${line.label}</span>
      <span class="muted number">${line.kind}, ${line.size.toLocaleString("en")} B</span>
      <span class=${outcomes[line.outcome].tone}>${outcomeText(line)}</span>
      <span class="number">${line.roundTripMs === undefined ? nothing : formatDuration(line.roundTripMs)}</span>
    </li>
  `;
}
