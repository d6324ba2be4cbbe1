import { setTimeout as pause } from "node:timers/promises";

const pauseMs = 50;

/** What somebody found who opened a page again and again. */
export interface Visits {
  server: string;
  /** How often the page was whole. */
  whole: number;
  /** How often the server did not answer, or said that it drains. */
  away: number;
  /** What was missing, each time that something was. */
  blank: string[];
}

/** Somebody who opens a server's page with all its files again and again. */
export class Visitor {
  readonly #visits: Visits;
  readonly #over: Promise<void>;
  #isLeaving = false;

  constructor(server: string, url: string) {
    this.#visits = { server, whole: 0, away: 0, blank: [] };
    this.#over = this.#visit(url);
  }

  /** Resolves when the last visit is over. */
  async leave(): Promise<Visits> {
    this.#isLeaving = true;
    await this.#over;
    return this.#visits;
  }

  async #visit(url: string): Promise<void> {
    while (!this.#isLeaving) {
      const missing = await missingAt(url);
      if (missing === undefined) this.#visits.away += 1;
      else if (missing.length > 0) this.#visits.blank.push(...missing);
      else this.#visits.whole += 1;
      await pause(pauseMs);
    }
  }
}

/** Returns which files of a page are missing, or nothing if the server is away. */
async function missingAt(url: string): Promise<string[] | undefined> {
  try {
    const page = await get(`${url}/`);
    if (!page.text.includes("<rosetta-app>")) return [`/ (${page.status})`];
    const paths = [...page.text.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path = ""]) => path);
    const missing: string[] = [];
    for (const path of paths) {
      const { status, text } = await get(url + path);
      if (status !== 200 || text === "") missing.push(`${path} (${status})`);
    }
    return missing;
  } catch {
    return undefined;
  }
}

/** Requests a URL. Rejects if nothing answers, or if the server says that it drains. */
export async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (response.status === 503) throw new Error("the server drains");
  return { status: response.status, text };
}
