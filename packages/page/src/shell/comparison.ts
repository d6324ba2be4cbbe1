import { css, html, LitElement, type TemplateResult } from "lit";
import { agreement, compare, type FactRow, type Findings } from "../shared/findings.ts";
import type { ServerEntry } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";

/** Compares what the servers made of the same action, side by side, and marks what differs. */
export class ServerComparison extends LitElement {
  static override properties = {
    servers: { attribute: false },
    findings: { attribute: false },
  };
  declare servers: ServerEntry[];
  /** By the server's id. */
  declare findings: Map<string, Findings>;

  protected override render(): TemplateResult {
    const rows = compare(this.servers, this.findings);
    return html`
      <section aria-labelledby="title">
        <header>
          <h2 id="title">Same or different</h2>
          <p class="intro" role="status">${agreement(rows)}</p>
        </header>
        ${rows.length === 0 ? "" : this.#table(rows)}
      </section>
    `;
  }

  #table(rows: FactRow[]): TemplateResult {
    return html`
      <div class="scroll" tabindex="0" role="group" aria-label="Comparison of the servers">
        <table>
          <thead>
            <tr>
              <th scope="col"><span class="hidden">What</span></th>
              ${this.servers.map(({ title }) => html`<th scope="col">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              ({ name, values, differs }) => html`
                <tr ?data-differs=${differs}>
                  <th scope="row">${differs ? html`<span class="mark">differs</span> ` : ""}${name}</th>
                  ${values.map((value) => html`<td class="number break">${value ?? "–"}</td>`)}
                </tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  static override styles = [
    theme,
    css`
      .scroll {
        overflow-x: auto;
      }

      [data-differs] th,
      [data-differs] td {
        color: var(--ink);
        font-weight: 600;
      }

      .mark {
        padding: 0 0.375rem;
        border-radius: 2px;
        background: var(--warn);
        color: var(--paper);
        font-size: 0.75rem;
        font-weight: 600;
      }
    `,
  ];
}

customElements.define("rosetta-comparison", ServerComparison);
