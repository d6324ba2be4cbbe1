// Reads the command line of `pnpm step`.
import { findRung, type Manifest, parseCommandLine, type Rung, whyUnknown } from "@rosetta/manifest";
import { highestPort } from "./plan.ts";

/** A server with its ladder. */
export interface Ladder {
  manifest: Manifest;
  rungs: Rung[];
}

/** What `pnpm step` was asked to do: to list everything, or to start a rung. */
export type StepRequest = "list" | StartRequest;

/** A rung to start, and where. */
export interface StartRequest {
  manifest: Manifest;
  rung: Rung;
  /** Default: the server's own port. 0 leaves the choice to the system. */
  port: number;
}

/**
 * Parses the arguments and `PORT`. A server alone means its first rung. If something is wrong, returns one line that says
 * what, as the property `why`.
 */
export function readStep(
  args: readonly string[],
  ladders: readonly Ladder[],
  env: NodeJS.ProcessEnv,
): StepRequest | { why: string } {
  const parsed = parse(args);
  if (typeof parsed === "string") return { why: parsed };
  const { values, positionals } = parsed;
  const [id, wanted, ...more] = positionals;
  if (id === undefined || values.help) return "list";
  const ladder = ladders.find(({ manifest }) => manifest.id === id);
  const ids = ladders.map(({ manifest }) => manifest.id);
  if (!ladder && findRung(longest(ladders), id))
    return { why: `name a server first: pnpm step ${ids[0]} ${id}` };
  if (!ladder) return { why: whyUnknown([id], ids) ?? "" };
  const { manifest, rungs } = ladder;
  const rung = wanted === undefined ? rungs[0] : findRung(rungs, wanted);
  const names = rungs.map(({ name }) => name).join(", ");
  if (!rung) return { why: `${id} has no rung "${wanted}"; there are: ${names}` };
  if (more.length > 0) return { why: `pnpm step starts one rung, so "${more.join(" ")}" is too much` };
  const port = values.port || env.PORT || String(manifest.port);
  if (!/^\d{1,5}$/.test(port) || Number(port) > highestPort) {
    return { why: `"${port}" is no port: expected a whole number from 0 to ${highestPort}` };
  }
  return { manifest, rung, port: Number(port) };
}

function parse(args: readonly string[]) {
  const parsed = parseCommandLine(args, { help: { type: "boolean", short: "h" }, port: { type: "string" } });
  return typeof parsed === "string" ? `${parsed}; pnpm step --help lists the options` : parsed;
}

/** Returns the servers and the rungs that there are, each with what it is about. */
export function listLadders(ladders: readonly Ladder[]): string {
  const rungs = longest(ladders);
  const width = Math.max(...rungs.map(({ name }) => name.length));
  return [
    "pnpm step <server> [rung]    starts a rung of a server's ladder: a complete program in one file",
    "  --port <n>                 listens there, as with PORT=n; 0 is any free port (default: the server's own)",
    "  --help                     prints this text",
    "",
    "Without a rung it starts the first one. Ctrl-C ends it.",
    "",
    "Servers:",
    ...ladders.map(({ manifest: { id, title } }) => `  ${id.padEnd(width)}  ${title}: apps/${id}/steps`),
    "",
    "Rungs, each the file before plus one subject:",
    ...rungs.map(({ name, subject }) => `  ${name.padEnd(width)}  ${subject}`),
    "",
    "A number is enough: pnpm step express-ws 3",
  ].join("\n");
}

function longest(ladders: readonly Ladder[]): Rung[] {
  return ladders.map(({ rungs }) => rungs).sort((a, b) => b.length - a.length)[0] ?? [];
}
