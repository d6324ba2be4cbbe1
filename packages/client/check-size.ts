// Prints what the client weighs in a page, minified and compressed, and fails when it is too much.
// Not counted is @rosetta/protocol: it belongs to the page, and almost all of it is the schema, which `parse` replaces.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const maxBytes = Math.floor(6.1 * 1024);

const result = await build({
  configFile: false,
  logLevel: "error",
  build: {
    write: false,
    target: "es2024",
    rolldownOptions: {
      input: fileURLToPath(new URL("src/index.ts", import.meta.url)),
      external: ["@rosetta/protocol"],
      preserveEntrySignatures: "strict",
      output: { format: "es", minify: true },
    },
  },
});

const outputs = [result].flat().flatMap((built) => ("output" in built ? built.output : []));
const code = outputs.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("");
const bytes = gzipSync(code, { level: 9 }).length;
const kilobytes = (count: number) => (count / 1024).toFixed(1);

console.log(
  `client ${kilobytes(bytes)} kB gzip of ${kilobytes(maxBytes)} (${bytes} bytes, ${code.length} before gzip)`,
);
if (bytes > maxBytes) {
  console.error(
    `client: ${bytes - maxBytes} bytes over the limit of ${maxBytes} (packages/client/check-size.ts)`,
  );
  process.exitCode = 1;
}
