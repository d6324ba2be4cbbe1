import type { IncomingMessage, ServerResponse } from "node:http";
import type { FailureOffer, OrderedFailure } from "@rosetta/page/failures";
import type { Supervisor } from "../supervisor.ts";
import { type MadeUpRequest, readMadeUpRequest, sendMadeUpRequest } from "./made-up-request.ts";

/** The parts of the supervisor that cause failures. */
export type FailureCauser = Pick<Supervisor, "restart" | "kill" | "freeze">;

/** The settings of a desk. */
export interface FailurePlan {
  /** Ids of the servers of the run. */
  servers: readonly string[];
  /** By the id of a server that is up now: its address. */
  urls: ReadonlyMap<string, string>;
  /** By the id of a server: its address through a slow link. */
  slowUrls: ReadonlyMap<string, string>;
  /** Pages of these origins may ask. */
  origins: ReadonlySet<string>;
  supervisor: FailureCauser;
}

/** Milliseconds that a killed server stays away, and that a frozen one stands still. */
export const awayMs = { kill: 3_000, freeze: 5_000 };

/** The failures that this system can cause: Windows cannot freeze a process. */
export function possibleFailures(platform: NodeJS.Platform): OrderedFailure[] {
  return platform === "win32" ? ["restart", "kill"] : ["restart", "kill", "freeze"];
}

/** The most bytes of an order. Real ones are far shorter. */
const mostBytes = 4_000;

/**
 * Makes a server fail when a page orders it. `GET` lists the possible failures, and `POST` with
 * `{"server": "bun-hono", "failure": "kill"}` causes one. `POST` with `{"server": …, "request": {"path": …, "headers": …}}`
 * sends the server this request, and says what it answered: a browser would not let a page choose its `Origin`. Only
 * pages of this run may ask, because any other page in the same browser would reach it, too.
 */
export class FailureDesk {
  readonly #plan: FailurePlan;
  readonly #failures = possibleFailures(process.platform);

  constructor(plan: FailurePlan) {
    this.#plan = plan;
  }

  /** Answers a request. Never throws. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    if (origin === undefined || !this.#plan.origins.has(origin)) return end(response, 403);
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Vary", "Origin");
    if (request.method === "GET") return end(response, 200, this.#list());
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Methods", "POST");
      response.setHeader("Access-Control-Allow-Headers", "Content-Type");
      return end(response, 204);
    }
    if (request.method !== "POST") return end(response, 405);
    const body = parse(await bodyOf(request));
    const question = this.#readQuestion(body);
    if (question) return this.#ask(question, response);
    const order = this.#read(body);
    if (!order) return end(response, 400);
    this.#cause(order);
    end(response, 202);
  }

  #list(): FailureOffer {
    const { servers, slowUrls, urls } = this.#plan;
    return {
      failures: this.#failures,
      awayMs,
      servers: [...servers],
      up: [...urls.keys()],
      slowUrls: Object.fromEntries(slowUrls),
    };
  }

  #readQuestion(body: unknown): { url: string; request: MadeUpRequest } | undefined {
    const { server, request } = Object(body) as { server?: unknown; request?: unknown };
    const url = this.#plan.urls.get(server as string);
    const made = readMadeUpRequest(request);
    return url !== undefined && made ? { url, request: made } : undefined;
  }

  async #ask(
    { url, request }: { url: string; request: MadeUpRequest },
    response: ServerResponse,
  ): Promise<void> {
    try {
      end(response, 200, await sendMadeUpRequest(url, request));
    } catch {
      // The server is frozen or gone, or a header has characters that none may have.
      end(response, 502);
    }
  }

  #read(body: unknown): { server: string; failure: OrderedFailure } | undefined {
    const { server, failure } = Object(body) as { server?: unknown; failure?: unknown };
    const isKnown =
      this.#plan.servers.includes(server as string) && this.#failures.includes(failure as OrderedFailure);
    return isKnown ? { server: server as string, failure: failure as OrderedFailure } : undefined;
  }

  #cause({ server, failure }: { server: string; failure: OrderedFailure }): void {
    const { supervisor } = this.#plan;
    if (failure === "restart") void supervisor.restart(server, "a page asked for it");
    if (failure === "kill") void supervisor.kill(server, awayMs.kill);
    if (failure === "freeze") supervisor.freeze(server, awayMs.freeze);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  try {
    for await (const bytes of request) {
      body += bytes;
      if (body.length > mostBytes) return "";
    }
  } catch {
    // The page has gone.
  }
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function end(response: ServerResponse, status: number, content?: object): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(content && JSON.stringify(content));
}
