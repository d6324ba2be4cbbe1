// The clients of this repository, by name: what `pnpm conform --client <name>` starts.

import { fileURLToPath } from "node:url";
import { globalDriver } from "./src/run/client-run.ts";
import type { ServerCommand } from "./src/run/server-process.ts";

function at(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Each client gets the URL of the page as its last argument. */
export const ourClients: Record<string, ServerCommand> = {
  node: { run: [process.execPath, globalDriver()] },
  // The pinned Bun, so that none is needed on PATH.
  bun: { run: [at("apps/bun-hono/node_modules/.bin/bun"), globalDriver()] },
  chromium: { run: [process.execPath, at("e2e/browser-client.ts")] },
};
