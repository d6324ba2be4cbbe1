import type { Answer } from "./health.ts";
import type { Manifest } from "./index.ts";

/** A port that was asked, and who answered. */
export interface Asked {
  port: number;
  answer: Answer;
}

/** A server that is up. */
export interface Up {
  manifest: Manifest;
  port: number;
}

/** The ports to ask: of every manifest, and the one that `PORT` gives to all. */
export function portsOf(manifests: Manifest[], given: string | undefined): number[] {
  const port = Number(given);
  const extra = Number.isInteger(port) && port > 0 && port < 65_536 ? [port] : [];
  return [...new Set([...manifests.map((manifest) => manifest.port), ...extra])];
}

/** The servers among the answers, in the manifests' order. */
export function upOf(asked: Asked[], manifests: Manifest[]): Up[] {
  return manifests.flatMap((manifest) =>
    asked.filter(({ answer }) => idOf(answer) === manifest.id).map(({ port }) => ({ manifest, port })),
  );
}

/** The servers that are up: where to open them, and where to read them. */
export function printUp(up: Up[], paint: (colour: "bold" | "cyan" | "dim", text: string) => string): string {
  const titles = Math.max(...up.map(({ manifest }) => manifest.title.length));
  const urls = Math.max(...up.map(({ port }) => urlOf(port).length));
  const rows = up.map(({ manifest: { id, title, runtime }, port }) =>
    [
      paint("bold", title.padEnd(titles)),
      paint("cyan", urlOf(port).padEnd(urls)),
      runtime.padEnd(4),
      `apps/${id}/src`,
    ].join("  "),
  );
  return ["", ...rows, paint("dim", "Ctrl-C stops all"), ""].join("\n");
}

/** What to look at when no server came up. */
export function printNone(asked: Asked[]): string {
  const foreign = asked.filter(({ answer }) => answer === "foreign").map(({ port }) => port);
  const taken = foreign.map(
    (port) => `Port ${port} belongs to another program; PORT=… pnpm dev takes another port.`,
  );
  return [
    `No server answers on port ${asked.map(({ port }) => port).join(", ")}.`,
    ...taken,
    "Look above for the error of the server, or of the page's build.",
  ].join("\n");
}

function idOf(answer: Answer): string | undefined {
  return typeof answer === "object" ? answer.server : undefined;
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}
