import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A Redis or Valkey of a test's own. */
export interface RunningRedis {
  url: string;
  port: number;
  /** Its process. 0 if it could not be started. */
  readonly pid: number;
  /** Sends a signal: `SIGKILL` crashes it, `SIGSTOP` freezes it until `SIGCONT`. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a command in one line, such as `REPLICAOF NO ONE`. Resolves with the answer as it came, in RESP. */
  ask(command: string): Promise<string>;
  /** Ends it at once, and resolves when it is gone. Its files stay. */
  kill(): Promise<void>;
  /** Starts it again after `kill()`, on the same port and with the files that are left. */
  again(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** What to do if there is none. */
export const redisRemedy =
  "neither redis-server nor valkey-server is on the PATH. Debian, Ubuntu, and Windows in WSL: apt-get install redis-server. " +
  "macOS: brew install redis. Docker: a container of Debian, as above";

/** Returns the path of `redis-server` or `valkey-server`, or `undefined` if neither is there. */
export function findRedis(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = ["redis-server", "valkey-server"].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return candidates.find(isProgram);
}

/**
 * Starts a Redis on loopback. By default it keeps nothing on disk. Throws with the remedy if there is no Redis.
 *
 * @param options more arguments, such as `--appendonly yes`.
 */
export async function startRedis(port: number, options: string[] = []): Promise<RunningRedis> {
  const program = findRedis();
  if (!program) throw new Error(redisRemedy);
  const folder = mkdtempSync(join(tmpdir(), "rosetta-redis-"));
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...options];
  let child = spawnHere(program, args);
  await listening(child, port);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    signal: (signal) => void child.kill(signal),
    ask: (command) => ask(port, command),
    kill,
    async again() {
      child = spawnHere(program, args);
      await listening(child, port);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const alive = new Set<ChildProcess>();
// Also when an error ends this process halfway.
process.on("exit", () => {
  for (const each of alive) each.kill("SIGKILL");
});

/** Starts a process that does not outlive this one. */
function spawnHere(program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, { stdio: "ignore" });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

/**
 * Starts a sentinel on loopback that watches the Redis on `master`, and promotes a replica half a second after its end.
 *
 * @param settings more lines of its configuration.
 */
export async function startSentinel(
  port: number,
  master: number,
  settings: string[] = [],
): Promise<Pick<RunningRedis, "url" | "port" | "stop">> {
  const program = findRedis();
  if (!program) throw new Error(redisRemedy);
  const folder = mkdtempSync(join(tmpdir(), "rosetta-sentinel-"));
  const file = join(folder, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor rosetta 127.0.0.1 ${master} 1`,
    "sentinel down-after-milliseconds rosetta 500",
    "sentinel failover-timeout rosetta 2000",
    ...settings,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const child = spawnHere(program, [file, "--sentinel"]);
  await listening(child, port);
  return {
    url: `redis+sentinel://127.0.0.1:${port}/rosetta`,
    port,
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (child.exitCode !== null)
      throw new Error(`redis-server ended with ${child.exitCode}: is port ${port} free?`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`redis-server does not listen on port ${port}`);
}

// Without a login it answers NOAUTH. While it loads its file, it answers with another error.
async function answers(port: number): Promise<boolean> {
  const answer = await ask(port, "PING").catch(() => "");
  return /^(\+PONG|-NOAUTH)/.test(answer);
}

// Short answers come in one piece.
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${command}\r\n`));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("Redis has hung up")));
    socket.once("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
  });
}
