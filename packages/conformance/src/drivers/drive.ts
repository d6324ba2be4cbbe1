// Drives a client through the cases of a server: what it does is all that a client has to do, in any language.

import type { Result } from "../run.ts";

/** How cases are driven. */
export interface DriveOptions {
  /** The client to judge. Default: the global one. */
  WebSocket?: new (
    url: string,
  ) => WebSocket;
  /** Is told of each case. */
  judged?: (result: Result) => void;
}

/**
 * Runs every case that the client was not judged by yet, one after another. The function is sent to browsers as it
 * stands, so it uses nothing but its arguments and what every runtime has.
 */
export async function drive(
  url: string,
  agent: string,
  { WebSocket: Client = WebSocket, judged }: DriveOptions = {},
): Promise<void> {
  const query = `agent=${encodeURIComponent(agent)}`;
  const get = async (path: string) => {
    const response = await fetch(new URL(path, url));
    if (!response.ok) throw new Error(`${response.status} for ${path}`);
    return response.json();
  };
  const run = (id: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ws = new Client(new URL(`/run/${id}?${query}`, url.replace(/^http/, "ws")).href);
    ws.binaryType = "arraybuffer";
    ws.onmessage = ({ data }: { data: string | ArrayBuffer }) => ws.send(data);
    // What is wrong is told by the verdict. Node 22 has an error without a close where the handshake failed.
    ws.onerror = () => resolve();
    ws.onclose = () => resolve();
    return promise;
  };
  const cases = (await get(`/cases?left&${query}`)) as { id: string }[];
  for (const { id } of cases) {
    await run(id);
    // Comes when the case is judged; the next one is not to begin before.
    const result = (await get(`/verdict/${id}?${query}`)) as Result;
    judged?.(result);
  }
}
