import type { FrameEvent } from "@rosetta/client";
import { html, LitElement, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { Fact } from "../shared/findings.ts";
import type { ServerEntry } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import type { WireRecorder } from "../wire/recorder.ts";

export type { Fact } from "../shared/findings.ts";

/** A control that a person used, described so that the same one is found in another panel of the kind. */
export interface Act {
  kind: "click" | "input" | "change";
  control: string;
  value?: string;
  checked?: boolean;
  files?: FileList | null;
}

/** Events of a panel: a person did something, chose a topic; it found something out. All leave shadow roots. */
export type ActEvent = CustomEvent<Act>;
export type TopicEvent = CustomEvent<string>;
export type FactsEvent = CustomEvent<Fact[]>;

const controls = "button, input, select, textarea";

/** The properties through which a panel is handed what it shows. */
const sources = ["client", "echo", "wire", "server"];

/**
 * A part of the page. It shows one thing, knows no other panel, and gets what it needs as properties.
 * A panel listens in `attach` and hands each way to stop to `until`; both follow its life and its properties.
 */
export abstract class Panel extends LitElement {
  static override styles = [theme];
  #stops: Array<() => void> = [];
  #told = "[]";
  #replaying = false;

  /** Begins to listen. Called again with other connections, after everything was stopped. */
  protected abstract attach(): void;

  /** Keeps what ends a listener or a timer; it is called when the panel goes or gets other connections. */
  protected until(stop: () => void): void {
    this.#stops.push(stop);
  }

  /** Tells which topic a person chose, for the address; an empty one stands for none. */
  protected chose(topic: string): void {
    this.#tell("topic-chosen", topic);
  }

  /** What is to be compared between servers. */
  protected facts(): Fact[] {
    return [];
  }

  /** Does what a person did in another panel of this kind. What is not there at the moment is left out. */
  replay({ kind, control, value, checked, files }: Act): void {
    const element = [...this.renderRoot.querySelectorAll<HTMLInputElement>(controls)].find(
      (each) => this.#describe(each) === control,
    );
    if (!element) return;
    this.#replaying = true;
    if (kind === "click") element.click();
    else {
      if (element.type === "file") element.files = files ?? null;
      else if (value !== undefined) element.value = value;
      if (checked !== undefined) element.checked = checked;
      element.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    this.#replaying = false;
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot();
    for (const kind of ["click", "input", "change"] as const) {
      root.addEventListener(kind, (event) => this.#noticed(kind, event));
    }
    return root;
  }

  // `submit` needs no replay: a form is submitted by a click on its button, also where a person pressed Enter.
  #noticed(kind: Act["kind"], { target }: Event): void {
    const element = (target as Element).closest<HTMLInputElement>(controls);
    // A click on a field is no action; what it changes is.
    if (!element || this.#replaying || (kind === "click") !== (element.localName === "button")) return;
    const { value, checked, files, type } = element;
    const state =
      type === "radio" || type === "checkbox" ? { checked } : type === "file" ? { files } : { value };
    const detail: Act = { kind, control: this.#describe(element), ...(kind !== "click" && state) };
    this.#tell("panel-act", detail);
  }

  #describe(element: HTMLInputElement): string {
    const name = nameOf(element);
    const namesakes = [...this.renderRoot.querySelectorAll<HTMLInputElement>(controls)].filter(
      (each) => nameOf(each) === name,
    );
    return `${name} ${namesakes.indexOf(element)}`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#nameRegion();
    const detail = this.facts();
    const told = JSON.stringify(detail);
    if (told === this.#told) return;
    this.#told = told;
    this.#tell("panel-facts", detail);
  }

  // Beside others of its kind a region needs a name of its own: that of its server, which its place in the page says.
  #nameRegion(): void {
    const server = this.parentElement?.dataset.server;
    const section = this.renderRoot.querySelector("section");
    const title = section?.querySelector("h2")?.textContent;
    if (!section || !title) return;
    if (server) section.setAttribute("aria-label", `${title}, ${server}`);
    section.setAttribute("aria-labelledby", server ? "" : "title");
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#restart();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#release();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (sources.some((source) => changed.has(source))) this.#restart();
  }

  /** Draws once per frame of the display, however many events came; not at all while nobody can see it. */
  protected override async scheduleUpdate(): Promise<void> {
    await new Promise(requestAnimationFrame);
    super.scheduleUpdate();
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #restart(): void {
    this.#release();
    this.attach();
  }

  #release(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** A panel that makes connections of its own to a server; what goes over them is recorded as well. */
export abstract class ServerPanel extends Panel {
  static override properties: PropertyDeclarations = {
    server: { attribute: false },
    wire: { attribute: false },
  };
  declare server: ServerEntry;
  declare wire: WireRecorder;

  /**
   * Records frames of a connection to a path of the server that is chosen now, also when another one was chosen since.
   * Where a panel has several, `name` tells them apart.
   */
  protected recorder(path: string, name = ""): (frame: FrameEvent) => void {
    const { server, wire, localName } = this;
    return (frame) => wire.record(server.id, path, frame, `${localName} ${name}`.trim());
  }
}

function nameOf({ localName, id, name, value, type, ariaLabel, textContent }: HTMLInputElement): string {
  if (localName === "button") return `button ${ariaLabel ?? textContent?.trim()}`;
  return `${localName} ${id || name} ${type === "radio" ? value : ""}`;
}

/** A panel as a region of the page: with a heading, a sentence that says what it is, and its content. */
export function region(title: string, intro: unknown, body: unknown): TemplateResult {
  return html`
    <section aria-labelledby="title">
      <header>
        <h2 id="title">${title}</h2>
        <p class="intro">${intro}</p>
      </header>
      ${body}
    </section>
  `;
}

/** Runs a form's action instead of the browser's, which would load the page again. */
export function onSubmit(
  action: (form: FormData, element: HTMLFormElement) => void,
): (event: SubmitEvent) => void {
  return (event) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    action(new FormData(element), element);
  };
}

/** The text of a form's field, without blanks around it. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Why a request failed, in a sentence to show. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
