import { type Client, type ClientProblem, defaultHost, type SocketState } from "@rosetta/client";
import type { ServerMessage } from "@rosetta/protocol";
import { html, nothing, type TemplateResult } from "lit";
import { closeText } from "../../shared/closing.ts";
import { formatDuration } from "../../shared/format.ts";
import { isWait, type WaitState } from "../../shared/socket-state.ts";
import { theme } from "../../shared/theme.css.ts";
import { type Fact, Panel, region } from "../base.ts";
import { style } from "./style.ts";

/** Milliseconds between two steps of the countdown. */
const tickMs = 100;

const sentences: Record<SocketState["name"], string> = {
  idle: "Not connected.",
  connecting: "The browser asks the server to switch from HTTP to WebSocket: the handshake.",
  open: "Both sides may send at any time.",
  waiting: "The next attempt starts by itself.",
  offline:
    "The browser reports that there is no network. That is only a hint, because a server on this machine can still be reached. The next attempt starts by itself, or as soon as the network is back.",
  stopped: "Closed for good. It stays closed until you open it.",
};

/** The state of the connection to `/ws`, in words, with what can be done about it. */
export class ConnectionPanel extends Panel {
  static override properties = {
    client: { attribute: false },
    address: {},
    state: { state: true },
    remainingMs: { state: true },
    notice: { state: true },
  };
  declare client: Client;
  declare address: string;
  declare state: SocketState;
  declare remainingMs: number;
  declare notice: string;

  readonly #act = this.declares({
    open: () => this.#open(),
    close: () => this.#close(),
  });

  protected override attach(): void {
    this.notice = "";
    this.#show(this.client.state);
    this.until(this.client.on("state", (state) => this.#show(state)));
    this.until(this.client.on("bye", (bye) => this.#goodbye(bye)));
    this.until(this.client.on("problem", (problem) => this.#problem(problem)));
    const ticker = setInterval(() => this.#count(), tickMs);
    this.until(() => clearInterval(ticker));
  }

  protected override facts(): Fact[] {
    const { state } = this;
    const protocol = this.client.welcome && state.name === "open" ? state.protocol : undefined;
    const lost = isWait(state) || state.name === "stopped" ? state.code : undefined;
    return [
      { name: "State", value: state.name },
      ...(protocol === undefined ? [] : [{ name: "Subprotocol", value: protocol }]),
      ...(lost === undefined ? [] : [{ name: "Ended with", value: closeText(lost) }]),
    ];
  }

  #show(state: SocketState): void {
    this.state = state;
    if (state.name === "open") this.notice = "";
    this.#count();
  }

  #count(): void {
    if (!isWait(this.state)) return;
    this.remainingMs = Math.max(0, this.state.untilAt - defaultHost.now());
  }

  #goodbye({ retryAfterMs, final }: ServerMessage<"bye">): void {
    const back =
      retryAfterMs === undefined ? "" : ` and asks us to return after ${formatDuration(retryAfterMs)}`;
    this.notice = `The server announced that it will close${final ? " for good" : back}.`;
  }

  #problem({ what, reason }: ClientProblem): void {
    // The panel that asked for the subscription reports its refusal.
    if (what !== "subscription") this.notice = `Problem: ${reason}.`;
  }

  #open(): void {
    if (canOpen(this.state)) this.client.open();
  }

  #close(): void {
    if (canClose(this.state)) this.client.close();
  }

  protected override render(): TemplateResult {
    const { state } = this;
    return region("Connection", intro, [
      html`
        <div class="apart" data-state=${state.name}>
          <p class="name" role="status" aria-label="Connection state"
            ><span class="dot" aria-hidden="true"></span><span class="hidden">Connection: </span>${state.name}</p
          >
          ${this.#buttons()}
        </div>
      `,
      html`
        <div class="more">
          <p>${sentences[state.name]}</p>
          ${isWait(state) ? this.#countdown(state) : nothing}
          ${state.name === "stopped" ? html`<p>${stopText(state)}</p>` : nothing}
          ${state.name === "open" ? this.#facts() : nothing}
          <p class="notice warn" role="alert">${this.notice}</p>
        </div>
      `,
    ]);
  }

  #countdown(state: WaitState): TemplateResult {
    const [from, to] = state.windowMs;
    return html`
      <p>
        Attempt ${state.attempt} in
        <span class="countdown number" role="timer" aria-label="Next attempt">${seconds(this.remainingMs)}</span>
      </p>
      <progress aria-hidden="true" max=${state.delayMs} .value=${state.delayMs - this.remainingMs}></progress>
      <p class="muted">
        Lost with ${closeText(state.code)}. The wait was drawn at random between ${seconds(from)} and
        ${seconds(to)}, because clients that lost the same server must not all return at once.
      </p>
    `;
  }

  #facts(): TemplateResult {
    const { welcome } = this.client;
    return html`
      <dl class="facts">
        <dt>Address</dt>
        <dd class="break"><code>${this.address}</code></dd>
        <dt>Server</dt>
        <dd class="break">${welcome?.server} on ${welcome?.runtime}</dd>
        <dt>Your name</dt>
        <dd class="break">${welcome?.member}</dd>
      </dl>
    `;
  }

  #buttons(): TemplateResult {
    const { name } = this.state;
    const retry = name === "waiting" || name === "offline";
    return html`
      <div class="fields">
        <button class="main" aria-disabled=${!canOpen(this.state)} @click=${() => this.#act("open")}>
          ${retry ? "Retry now" : "Open"}
        </button>
        <button aria-disabled=${!canClose(this.state)} @click=${() => this.#act("close")}>Close</button>
      </div>
    `;
  }

  static override styles = [theme, style];
}

const intro = html`The page’s own connection. If it is lost, the page waits a moment and tries again.`;

function canOpen(state: SocketState): boolean {
  return state.name !== "open" && state.name !== "connecting";
}

function canClose(state: SocketState): boolean {
  return state.name !== "stopped" && state.name !== "idle";
}

function stopText(state: SocketState & { name: "stopped" }): string {
  return state.code === undefined ? state.reason : closeText(state.code);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

customElements.define("rosetta-connection", ConnectionPanel);
