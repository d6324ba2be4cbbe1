import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The usual port of the events, so that a page finds them again after `pnpm dev` was ended and started. */
const usualPort = 3100;

/**
 * Tells open pages which code runs now, as Server-Sent Events. A page that hears another name than at first is out of
 * date. Served to this machine only.
 */
export class CodeEvents {
  readonly #server: Server;
  readonly #open = new Set<ServerResponse>();
  #name = "";

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (_request, response: ServerResponse) => {
      // It says nothing but a name, so any page may read it.
      response.writeHead(200, { "Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*" });
      response.flushHeaders();
      if (this.#name !== "") response.write(eventOf(this.#name));
      this.#open.add(response);
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

  /** Names the code that runs from now on. Nothing happens if it is the same as before. */
  tell(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    for (const response of this.#open) response.write(eventOf(name));
  }

  /** Ends all streams. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
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
