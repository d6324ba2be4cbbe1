import { RequestError } from "@rosetta/client";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { orderFailure } from "../shared/desk-orders.ts";
import type { FailureOffer, OrderedFailure } from "../shared/failure-offer.ts";
import type { ServerEntry } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import type { ConnectionPair } from "../wire/page-connections.ts";
import { failureBarStyle } from "./failure-bar.css.ts";

export { askFailureDesk } from "../shared/desk-orders.ts";

/** Event of the bar: the link is to be slow from now on, or no longer. */
export type LinkChosen = CustomEvent<boolean>;

/** One way to make something fail. */
interface Failure {
  kind: OrderedFailure | "cut";
  label: string;
  /** Explains the failure before it is tried. */
  hint: string;
  /** Returns the message while it lasts. `who` is the server. */
  said(who: string, desk: FailureOffer): string;
}

const seconds = (ms: number): string => `${ms / 1000} s`;

const failures: Failure[] = [
  {
    kind: "restart",
    label: "Restart",
    hint: "SIGTERM, as a deployment does it: the server says goodbye, ends and starts again",
    said: (who) => `${who} restarts: it says bye, closes with 1012, and comes back.`,
  },
  {
    kind: "kill",
    label: "Kill",
    hint: "SIGKILL, as a crash does it: the process is gone without a goodbye",
    said: (who, { awayMs }) => `${who} is killed: no goodbye. It starts again in ${seconds(awayMs.kill)}.`,
  },
  {
    kind: "freeze",
    label: "Freeze",
    hint: "SIGSTOP: the process stands still, and its connections stay open",
    said: (who, { awayMs }) =>
      `${who} stands still for ${seconds(awayMs.freeze)}. Its connections stay open, and nothing is answered.`,
  },
  {
    kind: "cut",
    label: "Cut",
    hint: "The server drops this page's connection without a close frame, and the browser sees 1006",
    said: (who) => `The connection to ${who} is cut, without a close frame.`,
  },
];

/** Milliseconds for which the bar shows a message. */
const saidMs = 8_000;

/** Makes the server fail on purpose, in every lesson. Only `pnpm dev` can do that. */
export class FailureBar extends LitElement {
  static override properties = {
    desk: { attribute: false },
    pairs: { attribute: false },
    servers: { attribute: false },
    slow: { type: Boolean },
    said: { state: true },
    isBad: { state: true },
  };
  declare desk: FailureOffer;
  /** The connections of the page. Their servers are the ones that fail. */
  declare pairs: ConnectionPair[];
  declare servers: ServerEntry[];
  /** Whether the link is slow now. */
  declare slow: boolean;
  declare said: string;
  declare isBad: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.pairs = [];
    this.servers = [];
    this.slow = false;
    this.said = "";
    this.isBad = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  async #cause({ kind, said }: Failure): Promise<void> {
    const targets = this.#targets();
    if (targets.length === 0) return this.#say("That needs a running server, and there is none.", true);
    const who = targets.length > 1 ? "Every server" : this.#titleOf(targets[0]?.server ?? "");
    this.#say(said(who, this.desk));
    try {
      await Promise.all(
        targets.map(({ pair, server }) => (kind === "cut" ? cut(pair) : orderFailure(server, kind))),
      );
    } catch {
      this.#say("That did not work. Does pnpm dev still run?", true);
    }
  }

  /** Behind a balancer it is the server that the page has come to. */
  #targets(): { pair: ConnectionPair; server: string }[] {
    return this.pairs
      .map((pair) => ({ pair, server: serverOf(pair) ?? "" }))
      .filter(({ server }) => this.desk.servers.includes(server));
  }

  #titleOf(server: string): string {
    return this.servers.find(({ id }) => id === server)?.title ?? server;
  }

  #say(text: string, isBad = false): void {
    // On a narrow screen the open menu would cover the effect.
    this.renderRoot.querySelector<HTMLElement>("#failures:popover-open")?.hidePopover();
    clearTimeout(this.#timer);
    this.said = text;
    this.isBad = isBad;
    this.#timer = setTimeout(() => (this.said = ""), saidMs);
  }

  #chooseLink(): void {
    const slow = !this.slow;
    this.dispatchEvent(new CustomEvent("link-chosen", { detail: slow }));
    this.#say(
      slow
        ? "The link is slow: 0.4 s each way, 32 KiB a second. The page has reconnected."
        : "The link is fast again.",
    );
  }

  protected override render(): TemplateResult {
    const able = failures.filter(({ kind }) => kind === "cut" || this.desk.failures.includes(kind));
    return html`
      <section aria-label="Make it fail">
        <button class="open" popovertarget="failures">Make it fail</button>
        <div id="failures" popover role="group" aria-label="Ways to fail">
          <p class="label" aria-hidden="true">Make it fail</p>
          ${able.map(
            (failure) =>
              html`<div class="way"><button class="small" aria-describedby=${failure.kind} title=${failure.hint} @click=${() => this.#cause(failure)}
                >${failure.label}</button><span class="what" id=${failure.kind}>${failure.hint}</span></div>`,
          )}
          <div class="way"><button class="small" aria-pressed=${this.slow} aria-describedby="slow" title=${slowHint} @click=${this.#chooseLink}
            >Slow link</button><span class="what" id="slow">${slowHint}</span></div>
        </div>
        <p class=${this.isBad ? "said bad" : "said"} role="status" aria-label="What fails">${this.said || (this.slow ? slowSaid : nothing)}</p>
      </section>
    `;
  }

  static override styles = [theme, failureBarStyle];
}

const slowHint = "Everything takes 0.4 s each way and goes at 32 KiB a second, until you press it again";
const slowSaid = "The link is slow.";

// Where all servers have one address, the welcome says which of them it is.
function serverOf({ client, server }: ConnectionPair): string | undefined {
  return client.welcome?.server ?? server.id;
}

async function cut({ client }: ConnectionPair): Promise<void> {
  try {
    await client.request({ type: "chaos", do: "terminate" });
  } catch (error) {
    // The cut itself is the answer.
    if (!(error instanceof RequestError && error.code === "disconnected")) throw error;
  }
}

customElements.define("rosetta-failure-bar", FailureBar);
