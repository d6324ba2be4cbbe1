// A server in a process of its own, as it runs in production.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A running server. */
export interface TestServer {
  /** `http://127.0.0.1:43121` */
  url: string;
  process: ChildProcess;
  /** Asks the server to stop. Resolves with its exit code. */
  stop(): Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** Ends the servers that a failed test has left behind. */
export function killServers(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts the server on a free port, unless `PORT` is among the variables. Resolves when it listens. */
export async function startServer(variables: Record<string, string> = {}): Promise<TestServer> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: root,
    env: { PATH: process.env.PATH ?? "", PORT: "0", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const said: string[] = [];
  // A pipe that nobody reads would stall the server's log.
  child.stderr.on("data", (text: Buffer) => void said.push(text.toString()));
  const exited = once(child, "exit");
  const line = await Promise.race([firstLine(child), exited.then(() => undefined)]);
  if (line === undefined) throw new Error(`the server did not start: ${said.join("")}`);
  return {
    url: JSON.parse(line).url,
    process: child,
    async stop() {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code;
    },
  };
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stdout?.on("data", (part: Buffer) => {
      text += part.toString();
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}
