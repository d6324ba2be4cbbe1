// Knows how to start a server of this repository: its command and its environment. The suite, conformance and the bench
// use it.

import { createConnection } from "node:net";
import { join } from "node:path";
import { folderOf, type Manifest } from "./manifest.ts";

// The variables that a process needs to run.
const inherited = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "NODE_OPTIONS", "NODE_V8_COVERAGE"];

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * Returns the part of our environment that a server gets. Anything else, such as a limit set for `pnpm dev`, would
 * change what the server does.
 */
export function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/**
 * Returns a command of a manifest with the pinned runtime, which works without pnpm on PATH: the Node that runs us,
 * or the Bun of the app's folder.
 */
export function commandOf({ id }: Manifest, [program = "", ...args]: readonly string[]): Command {
  if (program === "node") return [process.execPath, ...args];
  // The package from npm gives the program this name on every system; what is in `.bin` cannot be started on Windows.
  if (program === "bun") return [join(folderOf(id), "node_modules/bun/bin/bun.exe"), ...args];
  return [program, ...args];
}

/** Returns whether nothing answers on a port of this machine. Unlike listening, asking does not open the port. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}
