// Records the same conversation in Socket.IO and here, frame by frame, for a page of the course:
// pnpm -C packages/libraries run record. Takes half a minute, because each waits for its server's next ping.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "@rosetta/manifest";
import { ours, socketIo } from "./conversations.ts";
import type { Crossing } from "./recording-proxy.ts";

const file = "packages/page/src/course/libraries-recorded.ts";
const [library, own] = await Promise.all([socketIo(), ours()]);
const content = `// Recorded from real servers and clients by \`pnpm -C packages/libraries run record\`, not written by hand.
import type { RecordedCrossing } from "./recorded-crossing.ts";

/** The version of socket.io and socket.io-client. */
export const socketIoVersion = ${JSON.stringify(versionOf("socket.io"))};

/** The bytes of socket.io-client in a browser, minified and compressed. */
export const socketIoBytes = ${clientBytes()};

export const socketIo: RecordedCrossing[] = ${JSON.stringify(library.map(withoutSecret))};

export const ours: RecordedCrossing[] = ${JSON.stringify(own.map(withoutSecret))};
`;
writeFileSync(join(root, file), content);
execFileSync("pnpm", ["exec", "biome", "format", "--write", file], { cwd: root });
console.log(file);
process.exit();

// The client's secret is as long on the page as on the wire.
function withoutSecret(crossing: Crossing): Crossing {
  return { ...crossing, text: crossing.text.replace(/"client":"[^"]*"/, `"client":"${"*".repeat(32)}"`) };
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

function clientBytes(): number {
  const folder = dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json"));
  return gzipSync(readFileSync(join(folder, "dist/socket.io.min.js"))).length;
}
