import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { FailureDesk } from "./failures/failure-desk.ts";

const failurePath = "/failures";

/** The usual port of the events, so that a page finds them again after `pnpm dev` was ended and started. */
const usualPort = 3100;

/**
 * Tells open pages which code they and their server run now, as Server-Sent Events. A page that hears another name than
 * at first is out of date. Served to this machine only.
 */
export class CodeEvents {
  readonly #server: Server;
  /** The streams that are open, each with the port of the page's server. */
  readonly #open = new Map<ServerResponse, number>();
  /** By the port of the server. */
  readonly #names = new Map<number, string>();

  #desk: FailureDesk | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === failurePath && this.#desk) return void this.#desk.answer(request, response);
      // It says nothing but a name, so any page may read it.
      response.writeHead(200, { "Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*" });
      response.flushHeaders();
      const port = portOf(request.headers.origin);
      const name = this.#names.get(port);
      if (name !== undefined) response.write(eventOf(name));
      this.#open.set(response, port);
      response.on("close", () => this.#open.delete(response));
    });
  }

  /** Listens on the usual port, or on any other if that is taken. Says nothing before `tell` is called. */
  static async start(): Promise<CodeEvents> {
    const server = (await listening(usualPort)) ?? (await listening(0));
    if (!server) throw new Error("this machine has no free port");
    return new CodeEvents(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where pages of this run find the desk that makes servers fail, once it is open. */
  get failuresUrl(): string {
    return this.origin + failurePath;
  }

  /** Opens the desk. */
  open(desk: FailureDesk): void {
    this.#desk = desk;
  }

  /** Names the code that runs from now on at a server's port. Nothing happens if it is the same as before. */
  tell(port: number, name: string): void {
    if (this.#names.get(port) === name) return;
    this.#names.set(port, name);
    for (const [response, own] of this.#open) if (own === port) response.write(eventOf(name));
  }

  /** Ends all streams. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

// A browser says from which origin a page asks. Its host can have several names, but each server has its own port.
function portOf(origin: string | undefined): number {
  return Number(URL.parse(origin ?? "")?.port);
}

function eventOf(name: string): string {
  return `data: ${name}\n\n`;
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  return once(server, "listening").then(
    () => server,
    () => undefined,
  );
}
