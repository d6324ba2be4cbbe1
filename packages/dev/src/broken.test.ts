import { expect, test } from "vitest";
import { whatBroke } from "./broken.ts";

const root = "/house";

const nodeSyntax = `node:internal/modules/run_main:111
    triggerUncaughtException(
    ^

/house/packages/hub/src/hub.ts:2
export const x = 1;
const a: number = ;
                  ^

SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected
    at parseTypeScript (node:internal/modules/typescript:61:36)

Node.js v26.10.0`;

const nodeThrow = `file:///house/apps/one/src/server.ts:2
throw new Error("at load");
      ^

Error: at load
    at file:///house/apps/one/src/server.ts:2:7

Node.js v26.10.0`;

const nodeMissing = `node:internal/modules/esm/resolve:241
    throw new ERR_MODULE_NOT_FOUND(
          ^

Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/house/a.ts' imported from /house/b.ts
    at finalizeResolution (node:internal/modules/esm/resolve:241:11)`;

const nodeExport = `file:///house/b.ts:1
import { y } from "./c.ts"; y();
         ^
SyntaxError: The requested module './c.ts' does not provide an export named 'y'
    at #asyncInstantiate (node:internal/modules/esm/module_job:463:21)`;

const bunSyntax = `2 | const a: number = ;
                      ^
error: Unexpected ;
    at /house/packages/hub/src/hub.ts:2:19

Bun v1.4.5 (Linux x64)`;

const bunThrow = `1 | await Promise.reject(new TypeError("in promise"))
                             ^
TypeError: in promise
      at /house/b.ts:1:26

Bun v1.4.5 (Linux x64)`;

const vite = `✗ Build failed in 534ms
error during build:
Build failed with 1 error:

\u001b[31m[builtin:vite-transform] \u001b[0mUnexpected token
   \u001b[38;5;246m╭\u001b[0m─[\u001b[0m src/main.ts:3:11 \u001b[38;5;246m]\u001b[0m

    at aggregate (file:///house/node_modules/.pnpm/rolldown/dist/error.mjs:50:18)`;

const viteConfig = `failed to load config from /house/packages/page/vite.config.ts
error during build:
Error: Build failed with 1 error:

[PARSE_ERROR] Unexpected token
   ╭─[ build/lessons.ts:63:11 ]`;

const vitePlugin = `error during build:
Build failed with 1 error:

[plugin rosetta-lessons] /house/packages/page/lessons/01-hello.md
Error: apps/one has no region nope: see pnpm parity
    at placeOf (file:///house/packages/page/node_modules/.vite-temp/vite.config.ts.mjs:116:8)`;

test.each([
  [
    "Node on a syntax error",
    nodeSyntax,
    "packages/hub/src/hub.ts:2: SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Expression expected",
  ],
  ["Node on an exception", nodeThrow, "apps/one/src/server.ts:2: Error: at load"],
  [
    "Node on a missing file",
    nodeMissing,
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find module 'a.ts' imported from b.ts",
  ],
  [
    "Node on a missing export",
    nodeExport,
    "b.ts:1: SyntaxError: The requested module './c.ts' does not provide an export named 'y'",
  ],
  ["Bun on a syntax error", bunSyntax, "packages/hub/src/hub.ts:2: error: Unexpected ;"],
  ["Bun on an exception", bunThrow, "b.ts:1: TypeError: in promise"],
  [
    "Bun on a missing export",
    "SyntaxError: Export named 'y' not found in module '/house/c.ts'.",
    "SyntaxError: Export named 'y' not found in module 'c.ts'.",
  ],
  ["Vite on a syntax error", vite, "src/main.ts:3: Unexpected token"],
  ["Vite on its own configuration", viteConfig, "build/lessons.ts:63: Unexpected token"],
  ["Vite on an error in a plugin", vitePlugin, "Error: apps/one has no region nope: see pnpm parity"],
  [
    "a server on its environment",
    'one: PORT="x" cannot be used: expected a whole number',
    'one: PORT="x" cannot be used: expected a whole number',
  ],
  ["anything else", "first\nlast\n\n", "last"],
  ["nothing", "", "it ended without a word"],
])("what %s writes is one line", (_who, output, line) => {
  expect(whatBroke(output, root)).toBe(line);
});

test("what Vite writes is told from the folder in which it ran", () => {
  expect(whatBroke(vite, root, "packages/page")).toBe("packages/page/src/main.ts:3: Unexpected token");
});
