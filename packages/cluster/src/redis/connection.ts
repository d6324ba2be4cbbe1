import { isIP } from "node:net";
import { createClient, type RedisClientType } from "@redis/client";
import type { RedisAddress, RedisHost, RedisLogin } from "@rosetta/protocol";
import { ConnectionLost, EngineError } from "../engine.ts";
import { type ScriptName, scripts } from "./scripts.ts";

/** What Redis answers. */
export type RedisReply = string | number | null | RedisReply[];

/** Milliseconds that connecting may take, until the first commands have been answered. */
const connectMs = 3_000;

/** One connection to Redis. When it is lost, it is over: another one takes its place. */
export class Connection {
  readonly #client: RedisClientType;
  #isOver = false;
  #lost = (): void => {};

  private constructor(client: RedisClientType) {
    this.#client = client;
  }

  /** Connects, and makes sure that this Redis keeps what it is given. `lost` is called once when the connection is lost. */
  static async open(address: RedisAddress, lost: () => void): Promise<Connection> {
    const { login, database } = address;
    const client = clientFor(await serverOf(address), address.isEncrypted, login, database);
    const connection = new Connection(client);
    let problem: unknown;
    const end = (error?: unknown): void => {
      problem ??= error;
      if (!connection.#isOver) connection.#end();
    };
    client.on("error", end).on("end", end);
    const cancel = afterWaiting(end, address.isEncrypted);
    try {
      await client.connect();
      await connection.#check();
      await Promise.all(
        Object.values(scripts).map(({ text }) => client.sendCommand(["SCRIPT", "LOAD", text])),
      );
    } catch (error) {
      connection.destroy();
      // The client says only that it was closed. What came before is the reason.
      throw problem ?? error;
    } finally {
      cancel();
    }
    connection.#lost = lost;
    return connection;
  }

  /** Runs a script. Rejects with `ConnectionLost` if nobody can tell whether it ran, with `EngineError` if it did not. */
  async run(name: ScriptName, keys: string[], args: (string | number)[]): Promise<RedisReply> {
    const { sha, text } = scripts[name];
    const rest = [`${keys.length}`, ...keys, ...args.map(String)];
    try {
      return await this.send(["EVALSHA", sha, ...rest]);
    } catch (error) {
      if (!String(error).includes("NOSCRIPT")) throw error;
      return this.send(["EVAL", text, ...rest]);
    }
  }

  /** Sends a command. Rejects as `run()` does. */
  async send(command: string[]): Promise<RedisReply> {
    if (this.#isOver) throw new ConnectionLost("not connected");
    try {
      return await this.#client.sendCommand<RedisReply>(command);
    } catch (error) {
      const { message } = error as Error;
      // It was the master, and is none any more, or it has not loaded its file yet: another one may do better.
      if (/^(READONLY|MASTERDOWN|LOADING)\b/.test(message)) this.#end();
      // What else Redis itself says begins with a code, too, such as `OOM`.
      else if (!this.#isOver && /^[A-Z]{2,}/.test(message)) throw new EngineError(message);
      throw new ConnectionLost(message);
    }
  }

  /** Hears what is said on these channels. */
  async subscribe(channels: string[], listener: (text: string, channel: string) => void): Promise<void> {
    if (this.#isOver) throw new ConnectionLost("not connected");
    try {
      await this.#client.subscribe(channels, listener);
    } catch (error) {
      throw new ConnectionLost(String(error));
    }
  }

  /** Does not hear any more of a channel. */
  unsubscribe(channel: string): void {
    if (!this.#isOver) this.#client.unsubscribe(channel).catch(() => {});
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#isOver = true;
    if (this.#client.isOpen) this.#client.destroy();
  }

  #end(): void {
    this.destroy();
    this.#lost();
  }

  async #check(): Promise<void> {
    const info = String(await this.#client.sendCommand(["INFO"]));
    const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1];
    const policy = field("maxmemory_policy");
    if (field("role") !== "master") throw new Error("it is a replica, which takes no events");
    if (policy === "noeviction") return;
    throw new Error(
      `its maxmemory-policy is ${policy}; set it to noeviction, or it forgets events on its own`,
    );
  }
}

function clientFor(
  { host, port }: RedisHost,
  isEncrypted: boolean,
  login: RedisLogin,
  database = 0,
): RedisClientType {
  const socket = { host, port, connectTimeout: connectMs, reconnectStrategy: false as const };
  // SNI does not allow IP addresses (RFC 6066 §3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  return createClient({
    socket: isEncrypted ? { ...socket, ...name, tls: true as const } : socket,
    ...login,
    database,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  }) as unknown as RedisClientType;
}

// For a peer that accepts connections and never answers, such as a frozen process. Returns a function that cancels it.
function afterWaiting(end: (error: Error) => void, isEncrypted: boolean): () => void {
  const hint = isEncrypted ? "; does it expect TLS, as rediss:// says?" : "";
  const timer = setTimeout(() => end(new Error(`no answer after ${connectMs / 1_000} s${hint}`)), connectMs);
  return () => clearTimeout(timer);
}

// With sentinels: asks them, one after the other, which server takes writes now.
async function serverOf({ hosts, sentinels, isEncrypted }: RedisAddress): Promise<RedisHost> {
  let reason = "";
  for (const each of hosts) {
    if (!sentinels) return each;
    try {
      const found = await masterOf(
        clientFor(each, isEncrypted, sentinels.login),
        sentinels.master,
        isEncrypted,
      );
      if (found) return found;
      reason = "";
    } catch (error) {
      // The next one may know.
      reason = `: ${(error as Error).message}`;
    }
  }
  throw new Error(`no sentinel knows where ${sentinels?.master} is${reason}`);
}

async function masterOf(
  sentinel: RedisClientType,
  master: string,
  isEncrypted: boolean,
): Promise<RedisHost | undefined> {
  let problem: unknown;
  const end = (error?: unknown): void => {
    problem ??= error;
    if (sentinel.isOpen) sentinel.destroy();
  };
  sentinel.on("error", end);
  const cancel = afterWaiting(end, isEncrypted);
  try {
    await sentinel.connect();
    const query = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master];
    const [host, port] = (await sentinel.sendCommand<string[] | null>(query)) ?? [];
    return host && port ? { host, port: Number(port) } : undefined;
  } catch (error) {
    throw problem ?? error;
  } finally {
    cancel();
    end();
  }
}
