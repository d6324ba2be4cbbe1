import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { FrameWriter } from "./frame-writer.ts";
import { ServerFrame, textFrame } from "./server-frame.ts";

/** A TCP socket that notes every write it is asked for, and takes it at once, or when it goes on if it is `stalled`. */
class Tcp extends Duplex {
  readonly writes: Buffer[] = [];
  #isStalled: boolean;
  #taken: (() => void) | undefined;
  constructor({ stalled = false } = {}) {
    super();
    this.#isStalled = stalled;
  }
  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.writes.push(chunk);
    this.#take(taken);
  }
  override _writev(chunks: { chunk: Buffer }[], taken: () => void): void {
    this.writes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    this.#take(taken);
  }
  #take(taken: () => void): void {
    if (this.#isStalled) this.#taken = taken;
    else taken();
  }
  /** Takes what waits. */
  goOn(): void {
    this.#isStalled = false;
    this.#taken?.();
  }
  override _read(): void {}
  get texts(): string[] {
    return this.writes.map((bytes) => bytes.toString("latin1"));
  }
}

function writerTo(tcp: Tcp): FrameWriter {
  return new FrameWriter(tcp as unknown as Socket);
}

/** Resolves at the end of this turn of the event loop. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => void process.nextTick(resolve));
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test("the frames of a turn are one write at its end, in their order", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  for (const text of ["a", "b"]) writer.add(textFrame(text));
  writer.add(new ServerFrame(Buffer.from("c"), true));
  expect(tcp.texts).toEqual([]);
  await endOfTurn();
  expect(tcp.texts).toEqual(["\x81\x01a\x81\x01b\x82\x01c"]);
  expect(writer.hasFrames).toBe(false);
});

test("the next turn is another write", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  writer.add(textFrame("a"));
  await endOfTurn();
  writer.add(textFrame("a"));
  await endOfTurn();
  expect(tcp.texts).toEqual(["\x81\x01a", "\x81\x01a"]);
});

test("sockets with the same frames share one buffer, and another frame in between is only its own socket's", async () => {
  const [anna, ben, cleo] = [new Tcp(), new Tcp(), new Tcp()];
  const [forAnna, forBen, forCleo] = [writerTo(anna), writerTo(ben), writerTo(cleo)];
  const [first, second] = [new ServerFrame("first", false), new ServerFrame("second", false)];
  for (const writer of [forAnna, forBen, forCleo]) writer.add(first);
  forBen.add(textFrame("ack"));
  for (const writer of [forAnna, forBen, forCleo]) writer.add(second);
  await endOfTurn();
  const both = "\x81\x05first\x81\x06second";
  expect(anna.texts).toEqual([both]);
  expect(cleo.texts).toEqual([both]);
  expect(cleo.writes[0]).toBe(anna.writes[0]);
  expect(ben.texts).toEqual(["\x81\x05first\x81\x03ack\x81\x06second"]);
});

test("flush hands over at once, so that what ws sends next comes after it", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  writer.add(textFrame("a"));
  writer.flush();
  tcp.write("close");
  await endOfTurn();
  expect(tcp.texts).toEqual(["\x81\x01a", "close"]);
});

test("a long payload is one write with what is around it, and is not copied", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  const payload = Buffer.alloc(300, "x");
  writer.add(textFrame("a"));
  writer.add(new ServerFrame(payload, true));
  writer.add(textFrame("b"));
  payload.fill("y");
  await endOfTurn();
  expect(tcp.texts).toEqual([`\x81\x01a\x82\x7e\x01\x2c${"y".repeat(300)}\x81\x01b`]);
});

// A piece costs as much as a write: 9,000 short echoes beside a long one would look like a queue of 3 MiB.
test("the short frames around long payloads are one piece each", async () => {
  const tcp = new Tcp({ stalled: true });
  const writer = writerTo(tcp);
  writer.add(new ServerFrame(Buffer.alloc(300, "x"), true));
  for (let count = 0; count < 1_000; count++) writer.add(textFrame("a"));
  writer.add(new ServerFrame(Buffer.alloc(300, "y"), true));
  for (let count = 0; count < 1_000; count++) writer.add(textFrame("b"));
  await endOfTurn();
  expect(writer.queued(tcp.writableLength)).toBe(2 * 304 + 2_000 * 3 + 6 * 640);
  tcp.goOn();
  const long = (letter: string): string => `\x82\x7e\x01\x2c${letter.repeat(300)}`;
  const short = (letter: string): string => `\x81\x01${letter}`.repeat(1_000);
  expect(tcp.texts.join("")).toBe(long("x") + short("a") + long("y") + short("b"));
});

test("a long payload is copied if bytes wait already, because it could keep a whole segment in memory", async () => {
  const tcp = new Tcp({ stalled: true });
  const writer = writerTo(tcp);
  const payload = Buffer.alloc(300, "x");
  writer.add(new ServerFrame(payload, true));
  await endOfTurn();
  expect(tcp.writes).toHaveLength(1);
  writer.add(new ServerFrame(payload, true));
  await endOfTurn();
  payload.fill("y");
  tcp.goOn();
  expect(tcp.texts).toEqual([`\x82\x7e\x01\x2c${"x".repeat(300)}`, `\x82\x7e\x01\x2c${"x".repeat(300)}`]);
});

test("what is written behind bytes that wait is not from a pool, which would be kept in memory", async () => {
  const tcp = new Tcp({ stalled: true });
  const write = vi.spyOn(tcp, "write");
  const writer = writerTo(tcp);
  for (const text of ["a", "b"]) {
    writer.add(textFrame(text));
    await endOfTurn();
  }
  const [, second] = write.mock.calls.map(([bytes]) => bytes as Buffer);
  expect(second?.buffer.byteLength).toBe(second?.length);
});

test("in a long turn frames are handed over in between, at most some 64 KiB of them at once", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  const sent = Array.from({ length: 200 }, (_, index) => `${index}`.padStart(1_000));
  for (const text of sent) writer.add(textFrame(text));
  expect(tcp.writes.length).toBe(3);
  await endOfTurn();
  expect(Math.max(...tcp.writes.map(({ length }) => length))).toBeLessThan(64 * 1024 + 1_004);
  expect(tcp.texts.join("").replaceAll("\x81\x7e\x03\xe8", "")).toBe(sent.join(""));
});

test("nothing is written to a socket that has ended", async () => {
  const tcp = new Tcp();
  const writer = writerTo(tcp);
  const errors: Error[] = [];
  tcp.on("error", (error) => errors.push(error));
  writer.add(textFrame("a"));
  tcp.end();
  await once(tcp, "finish");
  expect(tcp.texts).toEqual([]);
  tcp.destroy();
  await once(tcp, "close");
  expect(errors).toEqual([]);
});

test("frames that are kept count as queued, and so does what a write costs until the kernel has taken it", async () => {
  const tcp = new Tcp({ stalled: true });
  const writer = writerTo(tcp);
  expect(writer.queued(0)).toBe(0);
  writer.add(textFrame("abc"));
  expect(writer.queued(0)).toBe(5);
  await endOfTurn();
  writer.add(textFrame("d"));
  await endOfTurn();
  expect(writer.queued(tcp.writableLength)).toBe(8 + 2 * 640);
});

test("what was written in this turn does not wait if nothing is buffered, even before it is called back", () => {
  const writer = writerTo(new Tcp());
  const calledBack = writer.countWrite();
  writer.countWrite();
  expect(writer.queued(0)).toBe(0);
  expect(writer.queued(3)).toBe(3 + 2 * 640);
  calledBack();
  expect(writer.queued(3)).toBe(3 + 640);
});

test("a real socket gets the frames of a turn in one segment", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = connect(address.port, "127.0.0.1");
  const [tcp] = (await once(server, "connection")) as [Socket];
  closing.push(
    () => client.destroy(),
    () => tcp.destroy(),
    () => server.close(),
  );
  const writer = new FrameWriter(tcp);
  for (const text of ["a", "b", "c"]) writer.add(textFrame(text));
  const [segment] = (await once(client, "data")) as [Buffer];
  expect(segment.toString("latin1")).toBe("\x81\x01a\x81\x01b\x81\x01c");
});
