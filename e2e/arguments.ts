import { whyUnknown } from "@rosetta/manifest";

/** The task that `pnpm e2e` was given. */
export interface E2eOptions {
  help: boolean;
  bare: boolean;
  projects: string[];
  /** Arguments that are passed on to Playwright. */
  rest: string[];
  /** True for a run of everything. Only that is the suite's result, and only that deals out `@any-server` tests. */
  whole: boolean;
}

// These do not change which tests run.
const harmless = /^(--headed|--quiet|(--workers|-j|--trace|--timeout)(=.*)?)$/;
const takesValue = /^(--workers|-j|--trace|--timeout)$/;

/** Parses the arguments. Returns a string that says what is wrong if they are not valid. */
export function readArguments(args: readonly string[], servers: readonly string[]): E2eOptions | string {
  const request: E2eOptions = { help: false, bare: false, projects: [], rest: [], whole: true };
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === "--") continue;
    if (arg === "--help" || arg === "-h") request.help = true;
    else if (arg === "--bare") request.bare = true;
    else if (arg === "--project") request.projects.push(...takeProjects(queue, servers));
    else if (arg.startsWith("--project=")) request.projects.push(arg.slice("--project=".length));
    else {
      request.rest.push(arg);
      if (!harmless.test(arg)) request.whole = false;
      if (takesValue.test(arg)) request.rest.push(...queue.splice(0, 1));
    }
  }
  if (request.projects.length > 0) request.whole = false;
  return whyUnknown(request.projects, servers) ?? request;
}

// The first word after `--project` always names a project, known or not. Further words do so only if they are
// known: in `--project express-ws tests/echo.ts`, the second word is a file.
function takeProjects(queue: string[], servers: readonly string[]): string[] {
  const count = queue.findIndex((word, index) => index > 0 && !servers.includes(word));
  return queue.splice(0, count === -1 ? queue.length : count);
}
