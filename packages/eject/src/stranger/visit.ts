import { spawn } from "node:child_process";
import { once } from "node:events";
import { Peer } from "../../project/test/peer.ts";
import { strangersEnvironment } from "./shell.ts";

/** A program to start, and where. */
export interface VisitedProgram {
  folder: string;
  command: readonly string[];
  variables?: Record<string, string>;
}

/** Milliseconds that a server has to start, and to end. */
const patienceMs = 15_000;

/** Starts an app, lets two clients meet in a room, and stops it. Throws if anything is not as it should be. */
export function visitApp(visit: VisitedProgram): Promise<void> {
  return served(visit, async (line) => {
    const { url } = JSON.parse(line);
    const [anna, ben] = await Promise.all([Peer.greet(url), Peer.greet(url)]);
    for (const peer of [anna, ben]) await peer.ask({ type: "subscribe", topic: "room/lobby" });
    await anna.ask({ type: "publish", topic: "room/lobby", to: "all", text: "hello" });
    const heard = [await anna.line(), await ben.line()];
    if (heard.join() !== "hello,hello") throw new Error(`they heard ${heard}`);
    return async () => {
      for (const { code } of [await anna.closed, await ben.closed]) {
        if (code !== 1012) throw new Error(`a client was closed with ${code}`);
      }
    };
  });
}

/** Starts a rung, gets its page, lets two clients meet in a room, and stops it. */
export function visitRung(visit: VisitedProgram): Promise<void> {
  return served(visit, async (url) => {
    const page = await (await fetch(url)).text();
    if (!page.startsWith("<!doctype html>")) throw new Error("there is no page");
    const sockets = [1, 2].map(() => new WebSocket(`${url.replace(/^http/, "ws")}/rooms?room=lobby`));
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    const heard = sockets.map((socket) => once(socket, "message"));
    const closed = sockets.map((socket) => once(socket, "close"));
    sockets[0]?.send(JSON.stringify({ to: "all", text: "hello" }));
    for (const [message] of await Promise.all(heard)) {
      if (JSON.parse((message as MessageEvent).data).text !== "hello") throw new Error("the room is deaf");
    }
    return async () => {
      for (const [event] of await Promise.all(closed)) {
        const { code } = event as CloseEvent;
        if (code !== 1012) throw new Error(`a client was closed with ${code}`);
      }
    };
  });
}

// `talk` gets the first line on stdout. What it returns is called after SIGTERM.
async function served(
  { folder, command, variables }: VisitedProgram,
  talk: (line: string) => Promise<() => Promise<void>>,
): Promise<void> {
  const [program = "", ...args] = command;
  const env = { ...strangersEnvironment(), ...variables, PORT: "0" };
  const child = spawn(program, args, { cwd: folder, env });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text));
  const exited = once(child, "exit");
  const late = setTimeout(() => child.kill("SIGKILL"), 2 * patienceMs);
  try {
    const line = await Promise.race([
      firstLine(child.stdout),
      exited.then(([code]) => Promise.reject(new Error(`it ended with ${code}: ${errors.slice(-500)}`))),
    ]);
    const afterwards = await talk(line);
    child.kill("SIGTERM");
    await afterwards();
    const [code, signal] = await exited;
    if (code !== 0) throw new Error(`after SIGTERM it ended with ${code ?? signal}`);
  } finally {
    clearTimeout(late);
    child.kill("SIGKILL");
  }
}

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (part: Buffer) => {
      text += part;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}
