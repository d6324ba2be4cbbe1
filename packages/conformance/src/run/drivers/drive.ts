// Drives a client through the cases of a server. A client in any other language has to do no more than this.

import type { Result } from "../../model/result.ts";

/** How to drive the cases. */
export interface DriveOptions {
  /** The client to judge. Default: the global `WebSocket`. */
  WebSocket?: new (
    url: string,
  ) => WebSocket;
  /** Called for each case. */
  judged?: (result: Result) => void;
}

/**
 * Runs every case by which the client has not been judged yet, one after another. The function's source is sent to
 * browsers as it is, so it uses nothing but its arguments and what every runtime has.
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
    // The verdict says what is wrong. If the handshake failed, Node 22 emits an error without a close.
    ws.onerror = () => resolve();
    ws.onclose = () => resolve();
    return promise;
  };
  const cases = (await get(`/cases?left&${query}`)) as { id: string }[];
  for (const { id } of cases) {
    await run(id);
    // Resolves when the case has been judged. The next one must not begin earlier.
    const result = (await get(`/verdict/${id}?${query}`)) as Result;
    judged?.(result);
  }
}
