import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { theme } from "../shared/theme.css.ts";
import { ours, socketIo, socketIoBytes, socketIoVersion } from "./libraries-recorded.ts";
import type { RecordedCrossing } from "./recorded-crossing.ts";

/** A library, with its benefits and its costs. */
interface Library {
  name: string;
  gives: TemplateResult;
  costs: TemplateResult;
  take: TemplateResult;
  rather: TemplateResult;
  sources: [name: string, url: string][];
}

const steps: [RecordedCrossing["step"], string][] = [
  ["connect", "Connect"],
  ["join", "Join a room"],
  ["say", "Say “hello” there"],
  ["ping", "Ping and pong"],
];

const libraries: Library[] = [
  {
    name: "Socket.IO",
    gives: html`Named events, rooms, acknowledgements, reconnecting with a growing wait, a buffer while you are offline,
      long polling where WebSockets do not get through, and adapters for several servers.`,
    costs: html`Its own protocol: both ends must be Socket.IO, so no plain <code>WebSocket</code> can talk to it. The
      client takes ${(socketIoBytes / 1000).toFixed(1)} kB. By default it begins with long polling, so a balancer has to
      send all requests of a client to the same server. An event arrives at most once; to miss nothing after a
      reconnect, you turn on <i>connection state recovery</i>, or keep offsets yourself.`,
    take: html`you write both ends, want rooms and acknowledgements today, and must get through proxies that break
      WebSockets.`,
    rather: html`others should connect with the WebSocket of their own language, or every byte counts.`,
    sources: [
      ["How it works", "https://socket.io/docs/v4/how-it-works/"],
      ["Protocol", "https://socket.io/docs/v4/socket-io-protocol/"],
      ["Delivery guarantees", "https://socket.io/docs/v4/delivery-guarantees"],
      ["Connection state recovery", "https://socket.io/docs/v4/connection-state-recovery"],
    ],
  },
  {
    name: "partysocket, reconnecting-websocket",
    gives: html`The interface of <code>WebSocket</code>, and a new connection whenever one is lost, after a growing wait.
      Messages that you send in between wait in a queue.`,
    costs: html`Nothing on the wire: your messages travel as they are. About 3 kB of code. The queue has no limit unless you
      set <code>maxEnqueuedMessages</code>, and the server does not learn which messages you have missed. A message
      that was sent just before the connection broke may be lost.`,
    take: html`you have a server and a protocol, and lack only lesson 8.`,
    rather: html`nothing may be missed. Then you need numbers as in lesson 9, whatever does the reconnecting.`,
    sources: [
      ["partysocket", "https://www.npmjs.com/package/partysocket"],
      ["reconnecting-websocket", "https://www.npmjs.com/package/reconnecting-websocket"],
    ],
  },
  {
    name: "htmx",
    gives: html`A WebSocket without JavaScript of yours: attributes name the address, a form sends its fields, and HTML
      that arrives is put into the page. It reconnects by itself.`,
    costs: html`Messages are HTML, so they are as large as the content they show, and only a page can read them. The
      server has to render for every reader. Your form travels as JSON, with some headers beside it.`,
    take: html`the server renders your pages anyway, and the socket only brings parts of them up to date.`,
    rather: html`an app, a script or another server should read the same messages.`,
    sources: [
      ["The WebSocket extension", "https://four.htmx.org/extensions/ws/"],
      ["Lesson 8’s page with htmx", "./steps/2-reconnect-htmx.html"],
    ],
  },
];

/** The benefits of libraries and their costs on the wire, recorded frame by frame beside this course's protocol. */
export class LibrariesView extends LitElement {
  protected override render(): TemplateResult {
    return html`
      <section aria-labelledby="wire">
        <h3 id="wire">The same conversation on the wire</h3>
        <p class="intro">
          A real client of Socket.IO ${socketIoVersion} and its server, both as they are by default, beside the client and
          the server of this course. Both ran on Node. A browser adds more headers to each request.
        </p>
        ${summary()}
        <p class="intro">
          Socket.IO’s frames are shorter, because ours say in words which request a reply belongs to and which place an
          event has in its room: that is what lesson 9 needs. To connect, Socket.IO takes more requests, because it asks by
          long polling first. With <code>transports: ["websocket"]</code> it does not.
        </p>
      </section>
      <section aria-labelledby="frames">
        <h3 id="frames">Frame by frame</h3>
        ${steps.map(stepRow)}
        <p class="intro">
          How to read Socket.IO: the first digit is Engine.IO’s, <code>0</code> open, <code>2</code> ping,
          <code>3</code> pong, <code>4</code> message, <code>5</code> upgrade, <code>6</code> noop. After a
          <code>4</code> comes Socket.IO’s own: <code>0</code> connect, <code>2</code> event, <code>3</code>
          acknowledgement, then the number of the acknowledgement. Its ping is a text message, as ours is, and not the ping frame of
          <a href="https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2" target="_blank" rel="noreferrer">RFC 6455 §5.5.2</a>,
          because a page cannot see that one.
        </p>
      </section>
      <section aria-labelledby="which">
        <h3 id="which">Which one to use</h3>
        <ul class="cards">${libraries.map(card)}</ul>
      </section>
    `;
  }

  static override styles = [
    theme,
    css`
      :host {
        display: grid;
        gap: clamp(2rem, 5vw, 3.5rem);
        grid-template-columns: minmax(0, 1fr);
      }

      h3 {
        font-size: var(--text-4);
        font-weight: 650;
      }

      h4 {
        margin: 0;
        font-size: var(--text-3);
        font-weight: 600;
      }

      .scroll {
        overflow-x: auto;
      }

      table {
        border-collapse: collapse;
        font-size: var(--text-2);
      }

      th,
      td {
        padding: 0.5rem 1.5rem 0.5rem 0;
        border-block-end: 1px solid var(--line);
        text-align: start;
        font-weight: 400;
        vertical-align: top;
      }

      thead th {
        font-weight: 600;
      }

      tbody th {
        color: var(--muted);
      }

      .sum > * {
        border: 0;
        color: var(--ink);
        font-weight: 600;
      }

      .step {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: 0.5rem 1rem;
        align-items: start;
      }

      .step h4 {
        grid-column: 1 / -1;
      }

      .talk {
        padding: 0.875rem 1.25rem;
        border: 1px solid var(--line);
        border-radius: calc(2 * var(--round));
        background: var(--field);
      }

      .head {
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.75rem;
        justify-content: space-between;
        padding-block-end: 0.375rem;
        font-size: var(--text-2);
      }

      .talk li {
        display: grid;
        grid-template-columns: 1.25rem minmax(0, 1fr) max-content;
        gap: 0.5rem;
        padding-block: 0.25rem;
        border-block-start: 1px solid var(--line);
        font-size: var(--text-1);
      }

      .from {
        color: var(--accent);
        font-weight: 700;
      }

      .mono {
        font-size: inherit;
        overflow-wrap: anywhere;
      }

      .kind {
        color: var(--muted);
      }

      .cards {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr));
        gap: 1rem;
      }

      .cards > li {
        display: grid;
        align-content: start;
        gap: 0.75rem;
        padding: 1.25rem;
        border: 1px solid var(--line);
        border-radius: calc(2 * var(--round));
        background: var(--field);
      }

      dl {
        display: grid;
        gap: 0.75rem;
        font-size: var(--text-2);
      }

      dt {
        font-weight: 600;
      }

      dd {
        color: var(--muted);
        text-wrap: pretty;
      }

      .sources {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        font-size: var(--text-2);
      }

      a {
        color: var(--accent);
      }
    `,
  ];
}

function summary(): TemplateResult {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="What each step takes">
      <table class="number">
        <thead>
          <tr><th scope="col">Step</th><th scope="col">Socket.IO</th><th scope="col">This course</th></tr>
        </thead>
        <tbody>
          ${steps.map(
            ([step, name]) => html`<tr>
              <th scope="row">${name}</th>
              ${[socketIo, ours].map((all) => html`<td>${costOf(all.filter((one) => one.step === step))}</td>`)}
            </tr>`,
          )}
          <tr class="sum">
            <th scope="row">Total</th>
            ${[socketIo, ours].map((all) => html`<td>${costOf(all)}</td>`)}
          </tr>
        </tbody>
      </table>
    </div>
  `;
}

/** Returns a total in words: `1 request, 4 frames, 600 B`. */
function costOf(crossings: RecordedCrossing[]): string {
  const requests = crossings.filter(({ kind, from }) => kind === "http" && from === "client").length;
  const frames = crossings.filter(({ kind }) => kind !== "http").length;
  const bytes = crossings.reduce((sum, crossing) => sum + crossing.bytes, 0);
  const counts = [count(requests, "request"), count(frames, "frame"), `${bytes.toLocaleString("en")} B`];
  return counts.filter((part) => !part.startsWith("0 ")).join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Draws a step of the conversation, with the frames of the two libraries side by side. */
function stepRow([step, title]: (typeof steps)[number]): TemplateResult {
  const sides: [string, RecordedCrossing[]][] = [
    ["Socket.IO", socketIo],
    ["This course", ours],
  ];
  return html`
    <div class="step">
      <h4>${title}</h4>
      ${sides.map(([name, all]) => {
        const own = all.filter((one) => one.step === step);
        return html`<div class="talk" role="group" aria-label=${`${title}: ${name}`}>
          <p class="head"><b>${name}</b> <span class="kind number">${costOf(own)}</span></p>
          <ol>${own.map(crossingRow)}</ol>
        </div>`;
      })}
    </div>
  `;
}

function crossingRow({ from, kind, text, bytes }: RecordedCrossing): TemplateResult {
  const arrow = from === "client" ? "→" : "←";
  return html`<li>
    <span class="from" role="img" aria-label=${from === "client" ? "sent" : "received"}>${arrow}</span>
    <span>
      ${kind === "text" || kind === "http" ? nothing : html`<span class="kind">${kind} frame</span>`}
      <span class="mono">${text}</span>
    </span>
    <span class="number kind">${bytes} B</span>
  </li>`;
}

function card({ name, gives, costs, take, rather, sources }: Library): TemplateResult {
  return html`<li>
    <h4>${name}</h4>
    <dl>
      <div><dt>What it gives</dt><dd>${gives}</dd></div>
      <div><dt>What it costs</dt><dd>${costs}</dd></div>
      <div><dt>Use it when</dt><dd>${take}</dd></div>
      <div><dt>Avoid it when</dt><dd>${rather}</dd></div>
    </dl>
    <p class="sources">
      ${sources.map(([title, url]) => html`<a href=${url} target="_blank" rel="noreferrer">${title}</a>`)}
    </p>
  </li>`;
}

customElements.define("rosetta-libraries", LibrariesView);
