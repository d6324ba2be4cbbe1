import { lessons } from "virtual:lessons";
import type { SocketState } from "@rosetta/client";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Cause, causeOf, causes } from "../shared/age.ts";
import { type ConnectionPair, PageConnections } from "../wire/page-connections.ts";
import { appStyle } from "./app.css.ts";
import "../panels/wire-log/panel.ts";
import "./server-switch.ts";
import { articleStyle } from "../course/article.css.ts";
import { type Article, afterPanels, beforePanels } from "../course/article.ts";
import { courseListStyle } from "../course/course-list.ts";
import type { LessonEntry, LessonText } from "../course/lesson.ts";
import { browserShelf, ProgressBook } from "../course/progress.ts";
import type { Around } from "../course/start.ts";
import { doneSteps, tellingsOfAct, tellingsOfFacts } from "../course/steps.ts";
import { repeat } from "../panels/actions.ts";
import type { ActEvent, FactsEvent, Panel, TopicEvent } from "../panels/base.ts";
import { isOf, type PanelName, panels } from "../panels/register.ts";
import { balancerUrl, failuresUrl } from "../shared/dev-run.ts";
import type { FailureOffer } from "../shared/failure-offer.ts";
import type { Findings } from "../shared/findings.ts";
import { scriptOfPage } from "../shared/page-script.ts";
import { pause, Retry } from "../shared/retry.ts";
import { baseOf, isStack, readServers, type ServerEntry, scriptIn } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import type { LinkChosen } from "./failure-bar.ts";
import { headerStyle } from "./header.css.ts";
import { header, type SkipTarget, siteTitle } from "./header.ts";
import { parseRoute, printRoute, type Route } from "./route.ts";
import { nameOf } from "./server-name.ts";
import type { ServersChosen } from "./server-switch.ts";
import { type View, views } from "./views.ts";

const numbers = lessons.map(({ number }) => number);

/** The pages around the course, loaded when one of them is shown first. */
type AroundPages = typeof import("../course/start.ts");

/** The page: the course, a lesson of it with its panels, the wire log beside them, the code below. */
export class PageShell extends LitElement {
  static override properties = {
    servers: { state: true },
    pairs: { state: true },
    route: { state: true },
    text: { state: true },
    isReady: { state: true },
    failure: { state: true },
    connected: { state: true },
    messageBytes: { state: true },
    findings: { state: true },
    told: { state: true },
    showsAllSteps: { state: true },
    desk: { state: true },
    isSlow: { state: true },
    fails: { type: Boolean, attribute: "data-fails", reflect: true },
    view: { reflect: true },
    script: { type: Number, attribute: "data-script", reflect: true },
    every: { type: Boolean, reflect: true },
    hasPanels: { type: Boolean, attribute: "data-panels", reflect: true },
  };
  declare servers: ServerEntry[];
  /** One, or all at once; none until the servers are known. */
  declare pairs: ConnectionPair[];
  declare route: Route;
  /** The lesson's text, once it was loaded. */
  declare text: LessonText | undefined;
  /** All that the first view needs is here: it is drawn at once, so that nothing moves under the reader. */
  declare isReady: boolean;
  /** Why a part of the page could not be loaded; `undefined` if nothing failed. */
  declare failure: Cause | undefined;
  /** Ids of the servers whose connection is open. */
  declare connected: ReadonlySet<string>;
  declare messageBytes: number | undefined;
  /** By server, when all are used at once. */
  declare findings: Map<string, Findings>;
  /** What the panels of this lesson have told of: actions, and what they found out. */
  declare told: ReadonlySet<string>;
  /** Whether a narrow screen shows every step of the lesson. */
  declare showsAllSteps: boolean;
  /** The failures that `pnpm dev` lets this page order. */
  declare desk: FailureOffer | undefined;
  /** Whether all that this page sends and receives goes over a slow link. */
  declare isSlow: boolean;
  /** Whether the bar that makes servers fail is shown. */
  declare fails: boolean;
  declare view: View;
  /** Which colour is in use: that of the chosen server, 1 to 4, or 0 for all at once. */
  declare script: number;
  declare every: boolean;
  /** Whether a lesson or all panels are shown, rather than a page around the course. */
  declare hasPanels: boolean;
  /** At their own addresses, however slow the link is. */
  #known: ServerEntry[] = [];
  #connections = new PageConnections();
  /** Aborts the HTTP requests of this page. */
  #end = new AbortController();
  #retry = new Retry();
  #progress = new ProgressBook(browserShelf());
  #around: AroundPages | undefined;
  /** The lesson that `text` is about: for a moment after a turn, the one before. */
  #textOf: Route["lesson"] | undefined;
  /** How far the parts of a lesson were scrolled, on a narrow screen. */
  #scrolled = new Map<View, number>();
  /** Panels whose code is here. */
  #ready = new Set<PanelName>();

  constructor() {
    super();
    this.servers = [];
    this.pairs = [];
    this.isReady = false;
    this.connected = new Set();
    this.route = parseRoute(location.hash, numbers);
    this.findings = new Map();
    this.told = new Set();
    this.showsAllSteps = false;
    this.isSlow = false;
    this.fails = false;
    this.view = "do";
    this.script = 0;
    this.every = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#onHash);
    this.#end = new AbortController();
    void this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#onHash);
    this.#end.abort();
    this.#connections.close();
  }

  async #begin(): Promise<void> {
    // Begins what `#go` waits for: no lesson has to wait until the servers are known.
    void this.#load(this.route).catch(() => {});
    void this.#learnFailures();
    for await (const servers of readServers(baseOf(location.href), this.#end.signal, balancerUrl())) {
      this.#known = servers;
      this.#link();
      await this.#go(this.route);
    }
  }

  async #learnFailures(): Promise<void> {
    if (failuresUrl() === undefined) return;
    const { askFailureDesk } = await import("./failure-bar.ts");
    this.desk = await askFailureDesk();
  }

  // Over a slow link a server has another address.
  #link(): void {
    const urls = this.isSlow ? (this.desk?.slowUrls ?? {}) : {};
    this.servers = this.#known.map((server) => ({ ...server, url: urls[server.id] ?? server.url }));
  }

  async #chooseLink({ detail }: LinkChosen): Promise<void> {
    const { askFailureDesk } = await import("./failure-bar.ts");
    const desk = await askFailureDesk();
    // If pnpm dev was started again, the slow links have other ports. The policy of this page does not allow those.
    if (desk && JSON.stringify(desk.slowUrls) !== JSON.stringify(this.desk?.slowUrls))
      return location.reload();
    this.isSlow = detail;
    this.#link();
    this.#connect();
  }

  #onHash = (): void => {
    void this.#go(parseRoute(location.hash, numbers));
  };

  async #go(route: Route): Promise<void> {
    const moved = route.lesson !== this.route.lesson;
    this.route = route;
    if (moved || !this.isReady) this.#beginSection();
    this.#connect();
    if (moved) {
      // Before anything is loaded, because the panels of the last lesson may still report something about that one.
      this.told = new Set();
      this.showsAllSteps = false;
      this.#scrolled.clear();
      this.#connections.reopen();
      // At once: if it waited for the lesson, a click on its button in between would close it instead of opening it.
      this.#popover("#contents")?.hidePopover();
    }
    const entry = lessons.find(({ number }) => number === route.lesson);
    const text = await this.#loadOrTell(route);
    // Somebody has gone on while this one was loaded.
    if (route.lesson !== this.route.lesson) return;
    this.text = text;
    this.#textOf = route.lesson;
    this.isReady = true;
    this.findings = new Map();
    if (entry) this.#progress.opened(entry.number);
    document.title = this.#title(entry);
    await this.updateComplete;
    if (!moved) return;
    this.renderRoot.querySelector<HTMLElement>("#lesson")?.focus();
    scrollTo(0, 0);
  }

  /** Tells the wire log which lesson is open, and what it is about. */
  #beginSection(): void {
    const entry = lessons.find(({ number }) => number === this.route.lesson);
    const names = this.#panelNames();
    this.#connections.wire.begin({
      title: entry ? `${entry.number}. ${entry.title}` : "",
      isOwn: (path, connection) => names.some((name) => isOf(name, path, connection)),
    });
  }

  /** Loads the text of a lesson, once its panels are here, too. */
  async #load({ lesson }: Route): Promise<LessonText | undefined> {
    const entry = lessons.find(({ number }) => number === lesson);
    const [text] = await Promise.all([entry?.load(), this.#loadPanels()]);
    if (text?.guess) await import("../course/guess.ts");
    return text;
  }

  /** Loads a lesson. On failure it says why. While the server is away, it tries again later. */
  async #loadOrTell(route: Route): Promise<LessonText | undefined> {
    try {
      const text = await this.#load(route);
      if (route === this.route) this.failure = undefined;
      this.#retry.succeeded();
      return text;
    } catch {
      const cause = await causeOf(baseOf(location.href), scriptOfPage());
      if (route !== this.route) return undefined;
      // A browser without whatwg/html#10327 never fetches a module again that failed once. Only a new page can load it.
      if (this.failure === "away" && cause !== "away") location.reload();
      this.failure = cause;
      if (cause === "away") void this.#goAgainLater(route);
      return undefined;
    }
  }

  async #goAgainLater(route: Route): Promise<void> {
    const { signal } = this.#end;
    await pause(this.#retry.next(), signal);
    if (route === this.route && !signal.aborted) await this.#go(route);
  }

  #title(entry: LessonEntry | undefined): string {
    const { lesson } = this.route;
    if (lesson === "unknown") return "No such page: WebSocket Rosetta";
    if (lesson === "start") return "WebSocket Rosetta";
    if (lesson === "next") return "Where to go from here: WebSocket Rosetta";
    if (lesson === "libraries") return "Libraries that do it for you: WebSocket Rosetta";
    const what = entry ? `${entry.number} ${entry.title}` : "All panels";
    const where = this.every ? "every server" : this.pairs[0]?.server.title;
    return `${what}, ${where}: WebSocket Rosetta`;
  }

  #popover(selector: string): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(`${selector}:popover-open`);
  }

  #connect(): void {
    const { server: id } = this.route;
    const chosen = this.servers.find((server) => server.id === id) ?? this.servers.find(({ self }) => self);
    const stacks = this.servers.filter(isStack);
    this.every = id === "every" && stacks.length > 1;
    const before = this.pairs;
    this.pairs = this.#connections.choose(this.every ? stacks : chosen ? [chosen] : []);
    for (const pair of this.pairs) if (!before.includes(pair)) this.#learn(pair);
    this.script = this.every ? 0 : scriptIn(this.servers, chosen);
  }

  #learn({ client, server: { id } }: ConnectionPair): void {
    client.on("state", (state: SocketState) => {
      const others = [...this.connected].filter((other) => other !== id);
      this.connected = new Set(state.name === "open" ? [...others, id] : others);
      if (state.name === "open") this.messageBytes = client.welcome?.limits.messageBytes;
    });
  }

  #panelNames(): PanelName[] {
    const { lesson } = this.route;
    if (!isCourse(this.route)) return [];
    const own = lessons.find(({ number }) => number === lesson)?.panels;
    return own ?? (Object.keys(panels) as PanelName[]).filter((name) => name !== "hello");
  }

  async #loadPanels(): Promise<void> {
    await Promise.all([
      ...this.#panelNames().map(async (name) => {
        await panels[name].load();
        this.#ready.add(name);
      }),
      this.every && isCourse(this.route) && import("./comparison.ts"),
      typeof this.route.lesson === "number" && import("../course/code-strip.ts"),
      !isCourse(this.route) && this.#loadAround(),
      this.route.lesson === "libraries" && import("../course/libraries.ts"),
    ]);
    this.requestUpdate();
  }

  async #loadAround(): Promise<void> {
    if (this.#around) return;
    const pages = await import("../course/start.ts");
    const { styleSheet } = pages.aroundStyle;
    if (styleSheet) (this.renderRoot as ShadowRoot).adoptedStyleSheets.push(styleSheet);
    this.#around = pages;
  }

  #choose({ detail }: ServersChosen): void {
    const { server: _, ...route } = this.route;
    const self = detail !== "every" && detail.self;
    location.hash = printRoute({
      ...route,
      ...(!self && { server: detail === "every" ? detail : detail.id }),
    });
  }

  /** Moves the focus to a place. The address must stay a lesson's, so the skip links cannot do it by themselves. */
  async #skipTo(event: Event, place: SkipTarget): Promise<void> {
    event.preventDefault();
    const view = place === "panels" ? "do" : place;
    // On a phone the place may have to be shown first.
    if (this.view !== "all" && this.view !== view) {
      this.view = view;
      await this.updateComplete;
    }
    this.renderRoot.querySelector<HTMLElement>(`#${place}`)?.focus();
  }

  // One action, sent to every server: what was done in one column is done in the others.
  #onAct(event: ActEvent): void {
    this.#hear(tellingsOfAct(event.detail));
    if (!this.every) return;
    const panel = event.composedPath()[0] as Panel;
    const { panel: name } = panel.closest<HTMLElement>("[data-panel]")?.dataset ?? {};
    const columns = [...this.renderRoot.querySelectorAll(`[data-panel="${name}"]`)];
    repeat(
      event.detail,
      panel,
      columns.map((column) => column.firstElementChild as Panel | null),
    );
  }

  // Not a step of its own in the history: whoever goes back wants the page before, not the topic.
  #onTopic({ detail: topic }: TopicEvent): void {
    const { topic: _, ...route } = this.route;
    this.route = { ...route, ...(topic && { topic }) };
    history.replaceState(null, "", printRoute(this.route));
  }

  // Each telling may end a step, and the last one the lesson.
  #hear(tellings: string[]): void {
    if (tellings.every((telling) => this.told.has(telling))) return;
    this.told = new Set([...this.told, ...tellings]);
    const { lesson } = this.route;
    if (typeof lesson !== "number" || lesson !== this.#textOf || this.#done().includes(false)) return;
    if (!this.#progress.progress.done.includes(lesson)) this.#progress.finished(lesson);
  }

  #done(): boolean[] {
    return doneSteps(this.text?.steps ?? [], this.told);
  }

  #onFacts(event: FactsEvent, { server }: ConnectionPair): void {
    this.#hear(tellingsOfFacts(event.detail));
    const place = (event.composedPath()[0] as Panel).closest<HTMLElement>("[data-panel]")?.dataset.panel;
    if (!place) return;
    const own = new Map(this.findings.get(server.id)).set(place, event.detail);
    this.findings = new Map(this.findings).set(server.id, own);
  }

  protected override willUpdate(changed: PropertyValues): void {
    this.fails = this.desk !== undefined && isCourse(this.route);
    if (!changed.has("route")) return;
    this.hasPanels = isCourse(this.route);
    this.view = this.route.lesson === "all" ? "all" : "do";
  }

  protected override render(): TemplateResult {
    const start = this.#address("start");
    if (!this.isReady) return html`<header>${siteTitle(start)}</header>`;
    return html`
      ${header({
        current: this.route.lesson,
        progress: this.#progress.progress,
        skips: this.#skips(),
        addressOf: (lesson) => this.#address(lesson),
        skipTo: (event, place) => void this.#skipTo(event, place),
        servers: this.#switch(),
      })}
      ${isCourse(this.route) ? this.#lesson() : this.#aroundPage()}
    `;
  }

  #skips(): [SkipTarget, string][] {
    if (!isCourse(this.route)) return [];
    const code: [SkipTarget, string][] = this.route.lesson === "all" ? [] : [["code", "the code"]];
    return [["panels", "the panels"], ["wire", "the wire log"], ...code];
  }

  #aroundPage(): TemplateResult {
    const around: Around = {
      servers: this.servers.filter(isStack),
      progress: this.#progress.progress,
      hash: location.hash.slice(1),
      addressOf: (lesson) => this.#address(lesson),
      everyAddressOf: (lesson) => printRoute({ lesson, server: "every" }),
      resetProgress: () => this.#resetProgress(),
    };
    const pages = {
      start: "startPage",
      next: "nextPage",
      libraries: "librariesPage",
      unknown: "unknownPage",
    } as const;
    const page = pages[this.route.lesson as keyof typeof pages];
    return html`
      <main tabindex="-1">
        ${this.failure ? this.#trouble(this.failure) : nothing} ${this.#around?.[page](around)}
      </main>
    `;
  }

  #resetProgress(): void {
    this.#progress.reset();
    this.requestUpdate();
    // The button is gone: the focus stays near it.
    this.renderRoot.querySelector<HTMLElement>(".contents-of a")?.focus();
  }

  #lesson(): TemplateResult {
    const article = this.#article();
    const compared = this.pairs.map(({ server }) => server);
    return html`
      <main ?data-lesson=${this.text !== undefined} @panel-act=${this.#onAct} @topic-chosen=${this.#onTopic}>
        ${this.failure ? this.#trouble(this.failure) : nothing} ${beforePanels(article)}
        <div class="panels" id="panels" tabindex="-1" data-count=${this.#panelNames().length}>
          ${
            this.every
              ? html`<rosetta-agreement .servers=${compared} .findings=${this.findings}></rosetta-agreement>`
              : nothing
          }
          ${this.#columns()}
        </div>
        ${
          this.every
            ? html`<rosetta-comparison .servers=${compared} .findings=${this.findings}></rosetta-comparison>`
            : nothing
        }
        ${afterPanels(article)}
      </main>
      <aside id="wire" tabindex="-1" aria-label="Wire">
        <rosetta-wire-log .wire=${this.#connections.wire} .servers=${this.servers}></rosetta-wire-log>
      </aside>
      ${this.#code()} ${this.#failures()}
      ${this.route.lesson === "all" ? nothing : views(this.view, (view) => void this.#show(view))}
    `;
  }

  /** Shows another part on a narrow screen, scrolled to where its reader left it. */
  async #show(view: View): Promise<void> {
    this.#scrolled.set(this.view, scrollY);
    this.view = view;
    await this.updateComplete;
    scrollTo(0, this.#scrolled.get(view) ?? 0);
  }

  #failures(): TemplateResult | typeof nothing {
    if (!this.desk) return nothing;
    return html`
      <rosetta-failure-bar
        .desk=${this.desk}
        .pairs=${this.pairs}
        .servers=${this.servers}
        .slow=${this.isSlow}
        @link-chosen=${this.#chooseLink}
      ></rosetta-failure-bar>
    `;
  }

  #article(): Article {
    return {
      lesson: this.route.lesson,
      text: this.text,
      done: this.#done(),
      told: this.told,
      showsAllSteps: this.showsAllSteps,
      toggleSteps: () => (this.showsAllSteps = !this.showsAllSteps),
      addressOf: (lesson) => this.#address(lesson),
    };
  }

  #switch(): TemplateResult {
    return html`
      <rosetta-server-switch
        .servers=${this.servers}
        .chosen=${this.every ? undefined : this.pairs[0]?.server}
        .every=${this.every}
        .connected=${this.connected}
        @servers-chosen=${this.#choose}
      ></rosetta-server-switch>
    `;
  }

  #trouble(cause: Cause): TemplateResult {
    return html`
      <div class="trouble" role="alert">
        <p class="bad">${causes[cause]}</p>
        <button class=${cause === "older" ? "main" : nothing} @click=${() => location.reload()}>Load the page again</button>
      </div>
    `;
  }

  // Each lesson begins with its own topic.
  #address(lesson: Route["lesson"]): string {
    const { topic: _, ...route } = this.route;
    return printRoute({ ...route, lesson });
  }

  #columns(): TemplateResult[] {
    return this.#panelNames()
      .filter((name) => this.#ready.has(name))
      .map(
        (name) =>
          html`<div class=${this.every ? "columns" : "alone"}>${this.pairs.map((pair) => this.#column(name, pair))}</div>`,
      );
  }

  #column(name: PanelName, pair: ConnectionPair): TemplateResult {
    const script = scriptIn(this.servers, pair.server);
    const { messageBytes, servers } = this;
    const context = { pair, servers, wire: this.#connections.wire, topic: this.route.topic, messageBytes };
    return html`
      <div class="column" data-script=${this.every ? script : nothing} role=${this.every ? "group" : nothing}
        aria-label=${this.every ? pair.server.title : nothing}>
        ${this.every ? html`<p class="server">${nameOf(pair.server.title)}</p>` : nothing}
        <div data-panel=${name} data-server=${this.every ? pair.server.title : nothing} @panel-facts=${(event: FactsEvent) => this.#onFacts(event, pair)}
          >${panels[name].show(context)}</div
        >
      </div>
    `;
  }

  #code(): TemplateResult | typeof nothing {
    if (!this.text) return nothing;
    return html`
      <div id="code" tabindex="-1" role="region" aria-label="Code">
        <rosetta-code-strip .source=${this.text.code} .first=${this.text.tests}></rosetta-code-strip>
      </div>
    `;
  }

  static override styles = [theme, headerStyle, courseListStyle, articleStyle, appStyle];
}

/** Returns whether a route shows panels, rather than a page around the course. */
function isCourse({ lesson }: Route): boolean {
  return typeof lesson === "number" || lesson === "all";
}

customElements.define("rosetta-app", PageShell);
