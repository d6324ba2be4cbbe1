import { createClient, type RedisClientType } from "@redis/client";
import { ConnectionLost } from "../engine.ts";
import { type ScriptName, scripts } from "./scripts.ts";
import type { RedisAddress } from "./url.ts";

/** What Redis answers. */
export type RedisReply = string | number | null | RedisReply[];

/** Milliseconds that connecting may take. */
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
    const client = clientFor(address, await masterOf(address));
    const connection = new Connection(client);
    let problem: unknown;
    const end = (error?: unknown): void => {
      problem ??= error;
      if (!connection.#isOver) connection.#end();
    };
    client.on("error", end).on("end", end);
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
    }
    connection.#lost = lost;
    return connection;
  }

  /** Runs a script. Rejects with `ConnectionLost` if nobody can tell whether it ran. */
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

  /** Sends a command. Rejects with `ConnectionLost` if nobody can tell whether it took effect. */
  async send(command: string[]): Promise<RedisReply> {
    if (this.#isOver) throw new ConnectionLost("not connected");
    try {
      return await this.#client.sendCommand<RedisReply>(command);
    } catch (error) {
      const { message } = error as Error;
      // It was the master, and is none any more, or it has not loaded its file yet: another one may do better.
      if (/^(READONLY|MASTERDOWN|LOADING)\b/.test(message)) this.#end();
      // What else Redis itself says begins with a code, too, such as `OOM`.
      else if (!this.#isOver && /^[A-Z]{2,}/.test(message)) throw error;
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

type Place = RedisAddress["hosts"][number];

function clientFor(address: RedisAddress, { host, port }: Place, isSentinel = false): RedisClientType {
  const { isEncrypted, username, password, database } = address;
  const socket = { host, port, connectTimeout: connectMs, reconnectStrategy: false as const };
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  return createClient({
    socket: isEncrypted ? { ...socket, tls: true as const, servername: host } : socket,
    ...(isSentinel ? {} : { ...login, database }),
    disableOfflineQueue: true,
    maintNotifications: "disabled",
  }) as unknown as RedisClientType;
}

// Asks the sentinels, one after the other, which server takes writes now.
async function masterOf(address: RedisAddress): Promise<Place> {
  const { hosts, master } = address;
  const [only] = hosts;
  if (master === undefined && only) return only;
  for (const place of hosts) {
    const sentinel = clientFor(address, place, true).on("error", () => {});
    try {
      await sentinel.connect();
      const found = await sentinel.sendCommand<string[] | null>([
        "SENTINEL",
        "GET-MASTER-ADDR-BY-NAME",
        master ?? "",
      ]);
      const [host, port] = found ?? [];
      if (host && port) return { host, port: Number(port) };
    } catch {
      // The next one may know.
    } finally {
      if (sentinel.isOpen) sentinel.destroy();
    }
  }
  throw new Error(`no sentinel knows where ${master} is`);
}
