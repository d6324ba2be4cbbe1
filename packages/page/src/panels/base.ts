import type { FrameEvent } from "@rosetta/client";
import { html, LitElement, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { frameToDraw } from "../shared/after-frame.ts";
import type { Fact } from "../shared/findings.ts";
import type { ServerEntry } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";
import type { WireRecorder } from "../wire/recorder.ts";
import { type Act, type Actions, type DoAct, perform } from "./actions.ts";

export type { Fact } from "../shared/findings.ts";

/** Events of a panel: a person did something, chose a topic; it found something out. All leave shadow roots. */
export type ActEvent = CustomEvent<Act>;
export type TopicEvent = CustomEvent<string>;
export type FactsEvent = CustomEvent<Fact[]>;

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
  #actions: Actions = { fill: (name: string, value: string | FileList) => this.#fill(name, value) };

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

  /** Returns what is to be compared between servers. */
  protected facts(): Fact[] {
    return [];
  }

  /** Does what a person did in another panel of this kind. Throws an error if that cannot be done here. */
  perform(act: Act): void {
    perform(this.#actions, act);
  }

  /**
   * Declares what a person can do here. Returns the function through which it is done: here, and in every other column.
   * Do not declare actions that concern this column alone, such as copying from it.
   */
  protected declares<Declared extends Actions>(actions: Declared): DoAct<Declared> {
    this.#actions = { ...this.#actions, ...actions };
    return (name, ...given) => {
      const act: Act = { name, given };
      this.perform(act);
      this.#tell("panel-act", act);
    };
  }

  protected override createRenderRoot(): HTMLElement | DocumentFragment {
    const root = super.createRenderRoot();
    root.addEventListener("input", ({ target }) => this.#typed(target as HTMLInputElement));
    return root;
  }

  // Typing in a form shows in every column before the form is sent. Fields without a name have actions of their own.
  #typed({ form, name, value, files }: HTMLInputElement): void {
    if (!form || !name) return;
    const act: Act = { name: "fill", given: [name, files ?? value] };
    this.#tell("panel-act", act);
  }

  #fill(name: string, value: string | FileList): void {
    const fields = [...this.renderRoot.querySelectorAll<HTMLInputElement>(`form [name="${name}"]`)];
    const field = fields.find((each) => each.type !== "radio" || each.value === value);
    if (!field) throw new Error(`no field ${name} in ${this.localName}`);
    if (field.type === "radio") field.checked = true;
    else if (typeof value === "string") field.value = value;
    else field.files = value;
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

  /**
   * Draws once per frame of the display, however many events came; not at all while it cannot be seen, and not between
   * a message and its answer.
   */
  protected override async scheduleUpdate(): Promise<void> {
    await frameToDraw();
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

/** Draws a panel as a region of the page, with a heading, a sentence that says what it is, and its content. */
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
export function onSubmit(action: (form: FormData) => void): (event: SubmitEvent) => void {
  return (event) => {
    event.preventDefault();
    action(new FormData(event.currentTarget as HTMLFormElement));
  };
}

/** Returns the value of the field that an event is about. */
export function fieldValue({ target }: Event): string {
  return (target as HTMLInputElement | HTMLSelectElement).value;
}

/** Returns the text of a form's field, without blanks around it. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** Returns why a request failed, in a sentence to show. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
