// The servers to measure: those of this repository, each stack as its own documentation writes it, the bare
// libraries, and the limit.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { commandOfRung, folderOf, type Manifest, readManifests } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import { paths } from "@rosetta/protocol";

/** A server that can be measured. */
export interface Candidate {
  id: string;
  title: string;
  /**
   * `app`: from this repository. `rung`: the first of its ladder. `bare`: the library alone. `variant`: the library with
   * something optional, which shows in large messages only.
   */
  kind: "app" | "rung" | "bare" | "variant" | "limit";
  command: readonly string[];
  cwd: string;
  /** The path of the WebSocket that echoes. If there is none, the server echoes bytes over TCP. */
  echoPath?: string;
  /** The id of its control: its bare library, or the limit. */
  control?: string;
  /** Environment variables in addition to those of the run. */
  env?: Record<string, string>;
}

const references = join(import.meta.dirname, "../references");
const built = join(import.meta.dirname, "../node_modules/.cache");
const bunBinary = join(import.meta.dirname, "../node_modules/.bin/bun");

const bareWs = bare("ws", "bare ws on Node", [process.execPath, "ws-echo.ts"]);

/** Returns every candidate that can be measured on this machine. */
export function readCandidates(): Candidate[] {
  const manifests = readManifests();
  return [
    ...manifests.map(appOf),
    ...manifests.map(rungOf),
    { ...bareWs, env: { WS_NO_BUFFER_UTIL: "1" } },
    // The apps on Node have bufferutil, too. It shows what of their difference to bare ws is their own.
    { ...bareWs, id: "ws:native", title: "bare ws, unmasking natively", kind: "variant", control: "ws" },
    bare("bun", "bare Bun.serve", [bunBinary, "bun-serve.ts"]),
    limit(),
  ];
}

function appOf(manifest: Manifest): Candidate {
  const { id, title, start } = manifest;
  return { id, title, kind: "app", command: commandOf(manifest, start), ...placeOf(manifest) };
}

/** The stack as its own documentation writes it. */
const firstRung = "1-echo";

function rungOf(manifest: Manifest): Candidate {
  const { id, title } = manifest;
  const command = commandOf(manifest, commandOfRung(manifest, firstRung));
  return {
    id: `${id}:${firstRung}`,
    title: `${title} (${firstRung})`,
    kind: "rung",
    command,
    ...placeOf(manifest),
  };
}

function placeOf({ id, runtime }: Manifest): Pick<Candidate, "cwd" | "echoPath" | "control"> {
  return { cwd: folderOf(id), echoPath: paths.echo, control: runtime === "node" ? "ws" : "bun" };
}

function bare(id: string, title: string, command: readonly string[]): Candidate {
  return { id, title, kind: "bare", command, cwd: references, echoPath: "/echo", control: "limit" };
}

// In C if there is a compiler. The title, and so every report, says which one was measured.
function limit(): Candidate {
  const binary = compile("tcp-echo");
  const title = binary ? "the limit (TCP echo in C)" : "the limit (TCP echo in Bun: no C compiler here)";
  const command = binary ? [binary] : [bunBinary, "tcp-echo.ts"];
  return { id: "limit", title, kind: "limit", command, cwd: references };
}

/** Compiles a program in `references/`, which needs Linux. Returns nothing where it cannot be compiled. */
export function compile(name: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const binary = join(built, name);
  mkdirSync(built, { recursive: true });
  const flags = ["-O2", "-D_GNU_SOURCE", "-o", binary, join(references, `${name}.c`)];
  return spawnSync("cc", flags).status === 0 ? binary : undefined;
}
