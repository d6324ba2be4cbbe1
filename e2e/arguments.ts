import { findRung, type Rung, whyUnknown } from "@rosetta/manifest";

/** The task that `pnpm e2e` was given. */
export interface E2eOptions {
  help: boolean;
  /** The ladders: all of their rungs, or the one with this name. If left out, the apps are run. */
  steps?: string;
  /** Whether the servers share an engine, and only the tests that it concerns are run. */
  cluster: boolean;
  /** Whether each test is run on one server only. */
  dealt: boolean;
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
export function readArguments(
  args: readonly string[],
  servers: readonly string[],
  rungs: readonly Rung[],
): E2eOptions | string {
  const request: E2eOptions = {
    ...{ help: false, cluster: false, dealt: false },
    projects: [],
    rest: [],
    whole: true,
  };
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg === "--") continue;
    if (arg === "--help" || arg === "-h") request.help = true;
    else if (arg === "--cluster") request.cluster = true;
    else if (arg === "--dealt") request.dealt = true;
    else if (arg === "--steps") request.steps = takeRung(queue, rungs);
    else if (arg === "--project") request.projects.push(...takeProjects(queue, servers));
    else if (arg.startsWith("--project=")) request.projects.push(arg.slice("--project=".length));
    else {
      request.rest.push(arg);
      if (!harmless.test(arg)) request.whole = false;
      if (takesValue.test(arg)) request.rest.push(...queue.splice(0, 1));
    }
  }
  if (request.projects.length > 0 || (request.steps ?? "all") !== "all") request.whole = false;
  return whyUnknown(request.projects, servers) ?? whyNoRung(request, rungs) ?? request;
}

// A word that names no rung belongs to whatever comes next, except a number: those are only for rungs.
function takeRung(queue: string[], rungs: readonly Rung[]): string {
  const [word = ""] = queue;
  const rung = findRung(rungs, word);
  if (!rung && !/^\d+$/.test(word)) return "all";
  queue.shift();
  return rung?.name ?? word;
}

// The first word after `--project` always names a project, known or not. Further words do so only if they are
// known: in `--project express-ws tests/echo.ts`, the second word is a file.
function takeProjects(queue: string[], servers: readonly string[]): string[] {
  const count = queue.findIndex((word, index) => index > 0 && !servers.includes(word));
  return queue.splice(0, count === -1 ? queue.length : count);
}

function whyNoRung({ steps, cluster }: E2eOptions, rungs: readonly Rung[]): string | undefined {
  if (steps !== undefined && cluster)
    return "rungs share no engine: --steps and --cluster exclude each other";
  const names = rungs.map(({ name }) => name);
  if (steps === undefined || steps === "all" || names.includes(steps)) return undefined;
  return `there is no rung "${steps}"; there are: ${names.join(", ")}`;
}
