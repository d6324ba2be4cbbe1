import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const index = new URL("./index.ts", import.meta.url);
const packages: Record<string, URL> = {
  "@rosetta/protocol": new URL("../../protocol/src/index.ts", import.meta.url),
};

/** Returns the modules that a text imports or exports from, except types, which do not exist at run time. */
function specifiers(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\s(?!type\s)[^;]*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map(([, named, called]) => named ?? called ?? "");
}

/** Returns everything that a module needs: our files, and packages that are not ours. */
function graphOf(start: URL): { files: Set<string>; foreign: Set<string> } {
  const files = new Set<string>();
  const foreign = new Set<string>();
  const waiting = [start];
  for (let module = waiting.pop(); module; module = waiting.pop()) {
    if (files.has(module.href)) continue;
    files.add(module.href);
    for (const specifier of specifiers(readFileSync(module, "utf8"))) {
      const target = specifier.startsWith(".") ? new URL(specifier, module) : packages[specifier];
      if (target) waiting.push(target);
      else foreign.add(specifier);
    }
  }
  return { files, foreign };
}

test("hub and protocol import nothing from Node or Bun, so they also run in a browser's worker", () => {
  const { files, foreign } = graphOf(index);
  expect([...foreign]).toEqual(["zod/mini"]);
  for (const file of files) expect(existsSync(new URL(file)), file).toBe(true);
  const names = [...files].map((file) => file.slice(file.lastIndexOf("/packages/")));
  expect(names).toContain("/packages/hub/src/requests/requests.ts");
  expect(names).toContain("/packages/protocol/src/codec.ts");
  expect(names).not.toContain("/packages/hub/src/node/index.ts");
  expect(names).not.toContain("/packages/protocol/src/schema.ts");
  expect(names.length).toBeGreaterThan(18);
});

test("hub and protocol use no globals of Node or Bun", () => {
  for (const file of graphOf(index).files) {
    const code = readFileSync(new URL(file), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    expect(code, file).not.toMatch(/\b(process|Buffer|Bun|globalThis|window|document|setTimeout)\s*[.(]/);
    expect(code, file).not.toMatch(/\b(Math\.random|Date\.now|performance\.now|new Date)\b/);
  }
});
