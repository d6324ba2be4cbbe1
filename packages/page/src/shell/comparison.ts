import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { agreement, compare, type FactRow, type Findings } from "../shared/findings.ts";
import type { ServerEntry } from "../shared/servers.ts";
import { theme } from "../shared/theme.css.ts";

/** The findings about each server. */
class Comparison extends LitElement {
  static override properties = {
    servers: { attribute: false },
    findings: { attribute: false },
  };
  declare servers: ServerEntry[];
  /** By the server's id. */
  declare findings: Map<string, Findings>;

  protected get rows(): FactRow[] {
    return compare(this.servers, this.findings);
  }
}

/** Says in a sentence whether the servers agree. It stands above the columns, where the visitor acts. */
export class ServerAgreement extends Comparison {
  protected override render(): TemplateResult {
    const { rows } = this;
    const differs = rows.some((row) => row.differs);
    return html`<p role="status" aria-label="Same or different" ?data-differs=${differs}>${agreement(rows)}</p>`;
  }

  static override styles = [
    theme,
    css`
      p {
        color: var(--muted);
        font-weight: 600;
      }

      [data-differs] {
        color: var(--warn);
      }
    `,
  ];
}

/** Compares the servers' results of the same action, side by side, and marks the differences. */
export class ServerComparison extends Comparison {
  protected override render(): TemplateResult | typeof nothing {
    const { rows } = this;
    if (rows.length === 0) return nothing;
    return html`
      <section aria-labelledby="title">
        <h2 id="title">Same or different</h2>
        ${this.#table(rows)}
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

customElements.define("rosetta-agreement", ServerAgreement);
customElements.define("rosetta-comparison", ServerComparison);
