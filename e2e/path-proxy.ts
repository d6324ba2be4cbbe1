import { createServer, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy that serves a server below a path, and removes the path before it forwards a request. */
export interface PathProxy {
  /** Such as `http://127.0.0.1:40123`. */
  origin: string;
  /** All requests outside the path. */
  strays: string[];
  /** The port to forward to. Set it as soon as it is known. */
  port: number;
  stop(): void;
}

/** Starts a proxy for a path such as `/rosetta`, on a free port. */
export async function startPathProxy(path: string): Promise<PathProxy> {
  const server = createServer();
  const proxy: PathProxy = { origin: "", strays: [], port: 0, stop };

  function inner({ url = "", method, headers }: IncomingMessage): RequestOptions | undefined {
    if (url.startsWith(`${path}/`)) {
      return {
        host: "127.0.0.1",
        port: proxy.port,
        path: url.slice(path.length),
        method,
        headers,
        agent: false,
      };
    }
    // A browser asks for a site's icon by itself.
    if (url !== "/favicon.ico") proxy.strays.push(url);
    return undefined;
  }

  server.on("request", (req, res) => {
    const options = inner(req);
    if (!options) return res.writeHead(404).end();
    const onward = request(options, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  });

  server.on("upgrade", (req, outer: Duplex) => {
    const options = inner(req);
    if (!options) return outer.destroy();
    const onward = request(options).end();
    onward.on("upgrade", (answer, inside) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
      outer.write(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
      outer.pipe(inside).pipe(outer);
      for (const [one, other] of [
        [outer, inside],
        [inside, outer],
      ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
      }
    });
    onward.on("response", () => outer.destroy());
    onward.on("error", () => outer.destroy());
    outer.on("error", () => onward.destroy());
  });

  function stop(): void {
    server.close();
    server.closeAllConnections();
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}
