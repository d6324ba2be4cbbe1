/**
 * Returns in one line why a program did not start, from what it wrote: `packages/hub/src/hub.ts:12: SyntaxError:
 * Expression expected`. Knows how Node, Bun and Vite report errors; of anything else it returns the last line. `root`
 * is left out of paths. `folder` is where the program ran, below `root`: Vite's paths begin there. Default: in `root`.
 */
export function whatBroke(output: string, root: string, folder = ""): string {
  const lines = output
    .replaceAll(colours, "")
    .replaceAll("file://", "")
    .replaceAll("─[ ", `─[ ${folder && `${folder}/`}`)
    .replaceAll(`${root}/`, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const at = lines.findIndex((line) => errorLine.test(line));
  const error = (lines[at] ?? lines.at(-1) ?? "it ended without a word").replace(/^\[[\w:-]+\] /, "");
  // Before the error Node quotes the line; after it stand Vite's quotation and the stack.
  const place = placeIn(lines.slice(0, at + 1)) ?? placeIn(lines.slice(at + 1));
  return place === undefined || error.includes(place) ? error : `${place}: ${error}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: Vite colours its errors even where there is no terminal.
const colours = /\u001b\[[\d;]*m/g;

// Vite puts the kind of error into brackets, and below a line that only counts errors.
const errorLine =
  /^(?!error during build|Error: Build failed)(?:\w*Error\b.*: |error: |\[[\w:-]+\] |\w+-\w+: )/;

function placeIn(lines: string[]): string | undefined {
  for (const line of lines) {
    const [, file, number] = /([\w@.+/-]+\.(?:ts|js|mjs|json|css|md)):(\d+)/.exec(line) ?? [];
    if (file && !file.startsWith("node:") && !file.includes("node_modules/")) return `${file}:${number}`;
  }
  return undefined;
}
