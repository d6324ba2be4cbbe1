import { createVirtualFileSystem } from "typescript/unstable/fs";
import { expect, test } from "vitest";
import { checkFaces } from "./face-rules.ts";
import { type Face, readFaces } from "./faces.ts";

/** Reads faces from files in memory; the first part of a path is its package. */
function read(files: Record<string, string>): Face[] {
  const virtual = Object.entries(files).map(([path, text]) => [`/packages/${path}`, text] as const);
  const config = { compilerOptions: { noLib: true, types: [] }, files: virtual.map(([path]) => path) };
  const folders = [...new Set(Object.keys(files).map((path) => `packages/${path.split("/")[0]}`))];
  const fs = createVirtualFileSystem({
    ...Object.fromEntries(virtual),
    "/tsconfig.json": JSON.stringify(config),
  });
  return readFaces({ root: "/", config: "tsconfig.json", folders, fs });
}

const messagesOf = (files: Record<string, string>) =>
  checkFaces(read(files)).map(({ file, line, message }) => `${file}:${line} ${message}`);

test("a face has what its index exports, from whatever file, with the public members of classes and interfaces", () => {
  const [face] = read({
    "hub/src/index.ts": 'export { open as start, Hub } from "./hub.ts"; export * from "./port.ts";',
    "hub/src/hub.ts": `export function open() {}
/** A hub. */
export class Hub {
  #secret = 1;
  constructor() {}
  /** Says so. */
  get isOpen() { return true; }
  close() {}
}
export class Inner {}`,
    "hub/src/port.ts": "export interface Port { send(): void }",
  });
  expect(face?.names).toEqual([
    { name: "Hub", hasDocstring: true, file: "packages/hub/src/hub.ts", line: 3 },
    { name: "Hub.close", hasDocstring: false, file: "packages/hub/src/hub.ts", line: 8 },
    { name: "Hub.isOpen", hasDocstring: true, file: "packages/hub/src/hub.ts", line: 7 },
    { name: "Port", hasDocstring: false, file: "packages/hub/src/port.ts", line: 1 },
    { name: "Port.send", hasDocstring: false, file: "packages/hub/src/port.ts", line: 1 },
    { name: "start", hasDocstring: false, file: "packages/hub/src/hub.ts", line: 1 },
  ]);
});

test("a public name without a docstring is found in the packages that are read in the editor", () => {
  const bare = "/** A limit. */\nexport const limit = 1;\nexport function open(): void {}";
  expect(messagesOf({ "hub/src/index.ts": bare, "bench/src/index.ts": bare })).toEqual([
    "packages/hub/src/index.ts:3 hub open has no docstring",
  ]);
});

test("a package without a face is refused", () => {
  expect(() => read({ "hub/src/hub.ts": "" })).toThrow("packages/hub has no face");
});
