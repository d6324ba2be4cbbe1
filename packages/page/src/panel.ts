import { html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { theme } from "./theme.css.ts";

/** The properties through which a panel is handed what it shows. */
const sources = ["client", "echo", "wire"];

/**
 * A part of the page. It shows one thing, knows no other panel, and gets what it needs as properties.
 * A panel listens in `attach` and hands each way to stop to `until`; both follow its life and its properties.
 */
export abstract class Panel extends LitElement {
  static override styles = [theme];
  #stops: Array<() => void> = [];

  /** Begins to listen. Called again with other connections, after everything was stopped. */
  protected abstract attach(): void;

  /** Keeps what ends a listener or a timer; it is called when the panel goes or gets other connections. */
  protected until(stop: () => void): void {
    this.#stops.push(stop);
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

  #restart(): void {
    this.#release();
    this.attach();
  }

  #release(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
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
