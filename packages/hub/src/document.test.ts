// Plays the sequences of PROTOCOL.md against a hub: the hub must send every frame that is shown, in this order, and no
// others.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Peer, request, type Setting, settled, setUp, start } from "./testing/index.ts";

const text = readFileSync(new URL("../../protocol/PROTOCOL.md", import.meta.url), "utf8");
const part = text.slice(text.indexOf("\n## Sequences\n"), text.indexOf("\n## Events over HTTP\n"));
const sequences = [...part.matchAll(/^### (.+)\n(?:(?!###)[^`]|`(?!``))*```text\n([\s\S]+?)```/gm)].map(
  ([, name = "", lines = ""]) => [name, lines.trim().split("\n")] as const,
);

/** Maps the names in the document to those that the server chose. Each name must always mean the same thing. */
class Names {
  readonly #actual = new Map<string, unknown>();
  readonly #shown = new Map<unknown, string>();

  /** Returns a frame of the document with this hub's names. */
  translate(frame: string): string {
    return frame.replace(/"([^"]+)"/g, (quoted, name) => {
      const actual = this.#actual.get(name);
      return actual === undefined ? quoted : JSON.stringify(actual);
    });
  }

  /** Compares an actual message with the one in the document, and learns the names in it. */
  expectSame(actual: unknown, shown: unknown, key = ""): void {
    if (typeof shown === "object" && shown !== null) {
      expect(Object.keys(actual as object), key).toEqual(Object.keys(shown));
      for (const [name, value] of Object.entries(shown)) {
        this.expectSame((actual as Record<string, unknown>)[name], value, Array.isArray(shown) ? key : name);
      }
      return;
    }
    if (["at", "serverAt"].includes(key) && typeof shown === "number") expect(actual).toBeTypeOf("number");
    else if (this.#isChosen(key, shown)) this.#learn(actual, String(shown));
    else expect(actual, key).toEqual(shown);
  }

  #isChosen(key: string, shown: unknown): boolean {
    const chosen = ["server", "runtime", "session", "member", "members", "from", "epoch", "result"];
    return chosen.includes(key) || String(shown).startsWith("job/");
  }

  #learn(actual: unknown, shown: string): void {
    expect(this.#shown.get(actual) ?? shown, "two names for one thing").toBe(shown);
    expect(this.#actual.get(shown) ?? actual, "one name for two things").toBe(actual);
    this.#actual.set(shown, actual);
    this.#shown.set(actual, shown);
  }
}

/** Plays one sequence, line by line. */
class Stage {
  readonly #setting: Setting;
  readonly #names = new Names();
  readonly #peers = new Map<string, Peer>();
  readonly #closed = new Set<Peer>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  async play(line: string): Promise<void> {
    const [, who = "", what = "", rest = ""] = /^(\S+) (\S+)(?: (.+))?$/.exec(line) ?? [];
    if (who === "…") return this.#meanwhile(line);
    if (what === "opens") this.#peers.set(who, this.#setting.connect());
    else if (what === "loses") await this.#lose(who);
    else if (what === "→") await (await this.#peer(who, rest)).say(this.#names.translate(rest));
    else if (what === "←") await this.#hear(await this.#peer(who, rest), rest);
    else if (what === "×") this.#close(await this.#peer(who, rest), Number(rest));
    else throw new Error(`nobody knows how to play: ${line}`);
  }

  /** Returns the messages and closes that no line has shown. */
  unshown(): unknown[] {
    return [...this.#peers.values()].flatMap((peer) => [
      ...peer.heard(),
      ...(peer.socket.closing && !this.#closed.has(peer) ? [peer.socket.closing] : []),
    ]);
  }

  #close(peer: Peer, code: number): void {
    expect(peer.socket.closing?.code).toBe(code);
    this.#closed.add(peer);
  }

  async #meanwhile(line: string): Promise<void> {
    const { world, hub } = this.#setting;
    const [, seconds] = /^… (\d+) s$/.exec(line) ?? [];
    const [, mebibytes] = /^… (\d+) MiB (?:is|are) hashed$/.exec(line) ?? [];
    if (seconds) return world.pass(Number(seconds) * 1_000);
    if (mebibytes) world.works.at(-1)?.do(Number(mebibytes));
    else if (line === "… the server goes down") hub.drain();
    else throw new Error(`nobody knows how to play: ${line}`);
    await settled();
  }

  async #hear(peer: Peer, shown: string): Promise<void> {
    const [message] = peer.heard(1);
    expect(message, shown).toBeDefined();
    this.#names.expectSame(message, JSON.parse(shown));
  }

  async #lose(who: string): Promise<void> {
    const peer = this.#peers.get(who);
    this.#peers.delete(who);
    await peer?.gone();
  }

  async #peer(who: string, first: string): Promise<Peer> {
    const known = this.#peers.get(who);
    if (known) return known;
    const isHello = first.includes('"hello"');
    const peer = isHello ? this.#setting.connect() : await this.#setting.greet(who.charCodeAt(0));
    this.#peers.set(who, peer);
    return peer;
  }
}

/** Returns a text in which everything that a server chooses has one fixed name. */
function anonymous(text: string): string {
  return text
    .replace(/\b[0-9a-f]{16}\b/g, "EPOCH")
    .replace(/guest-[0-9a-f]{10}/g, "GUEST")
    .replace(/^retry: [12]\d{3}$/gm, "retry: MS")
    .replace(/"at":\d+/g, '"at":0');
}

test("event streams and polls match the document", async () => {
  const over = text.slice(text.indexOf("\n## Events over HTTP\n"), text.indexOf("\n## Delivery"));
  const [stream = "", pages = ""] = [...over.matchAll(/```text\n([\s\S]+?)```/g)].map(
    ([, shown = ""]) => shown,
  );
  const { hub, greet, inside } = setUp();
  const answers: string[] = [];
  const poll = (url: string) => hub.poll(request(url), "", ({ body }) => answers.push(`${body}\n`));
  poll("/poll?topic=room/lobby");
  poll(`/poll?topic=room/lobby&since=${inside.log.head("room/lobby").epoch}:0`);
  const author = await greet();
  await author.say({ type: "publish", id: "1", topic: "room/lobby", to: "all", text: "one" });
  expect(anonymous(answers.join(""))).toBe(anonymous(pages));

  let written = "";
  const write = (shown: string): void => {
    written += shown;
  };
  start(hub, request("/events?topic=room/lobby"), "", {
    write,
    queued: () => 0,
    end: () => {},
    cut: () => {},
  });
  expect(anonymous(written)).toBe(anonymous(stream));
});

test("the document contains sequences to play", () => {
  expect(sequences.map(([name]) => name)).toHaveLength([...part.matchAll(/^### /gm)].length);
  expect(sequences.length).toBeGreaterThan(12);
});

test.each(sequences)("%s", async (_name, lines) => {
  const setting = setUp({ chaos: true });
  const stage = new Stage(setting);
  for (const line of lines) await stage.play(line);
  expect(stage.unshown()).toEqual([]);
  expect(setting.failures).toEqual([]);
});
