import { encode, parseServer } from "@rosetta/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteLength, type Entry, type Kept } from "./log.ts";
import { MemoryLog } from "./memory-log.ts";
import { newest, ring } from "./rings.ts";

function createLog(most?: number): { log: MemoryLog; told: Entry[] } {
  let tokens = 0;
  const log = new MemoryLog(() => (++tokens).toString(16).padStart(32, "0").slice(16).repeat(2), most);
  const told: Entry[] = [];
  log.follow((entry) => told.push(entry));
  return { log, told };
}

const character = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  fc.constantFrom("a", "é", "€", "😀"),
);
const draft = (text: string) => ({ at: 1, data: { kind: "chat", text } }) as const;
// All frames here are ASCII.
const bytesOf = (entries: Kept[]) => entries.reduce((sum, { bytes }) => sum + bytes + 160, 0);
const offsets = (entries: Kept[]) => entries.map(({ offset }) => offset);

test("an append completes later, in order, and reaches followers before it completes", async () => {
  const { log, told } = createLog();
  const first = log.append("a", draft("1"));
  const second = log.append("a", draft("2"));
  expect(told).toEqual([]);
  expect(log.head("a").offset).toBe(0);
  await first;
  expect(offsets(told)).toContain(1);
  await second;
  expect(offsets(told)).toEqual([1, 2]);
});

test("each topic has its own epoch and counts from 1", async () => {
  const { log } = createLog();
  await log.append("a", draft("1"));
  await log.append("a", draft("2"));
  await log.append("b", draft("1"));
  expect(log.head("a").offset).toBe(2);
  expect(log.head("b").offset).toBe(1);
  expect(log.head("a").epoch).not.toBe(log.head("b").epoch);
  expect(log.head("c").offset).toBe(0);
});

test("a topic that was forgotten begins a new epoch", async () => {
  const { log } = createLog();
  await log.append("a", draft("1"));
  const before = log.head("a");
  log.close("a");
  expect(log.head("a").offset).toBe(0);
  expect(log.since("a", before)).toEqual({ recovered: false, entries: [] });
});

test("the ring holds 256 events", async () => {
  const { log } = createLog();
  for (let count = 0; count < 300; count++) await log.append("a", draft("x"));
  const { epoch } = log.head("a");
  expect(offsets(log.since("a").entries)).toHaveLength(newest);
  expect(log.since("a", { epoch, offset: 44 })).toMatchObject({ recovered: true });
  expect(log.since("a", { epoch, offset: 44 }).entries).toHaveLength(ring.entries);
  expect(log.since("a", { epoch, offset: 43 })).toMatchObject({ recovered: false });
});

// One byte per character, or two as soon as one is outside Latin-1, plus what an entry itself takes.
test.each([
  ["ASCII", "x".repeat(4_096), 4_096],
  ["Latin-1", "ä".repeat(4_096), 4_096],
  ["one character of another script", `${"x".repeat(4_095)}€`, 2 * 4_096],
  ["many short ones", "x", 1],
])("the ring holds 128 KiB of memory: %s", async (_what, text, textBytes) => {
  const { log, told } = createLog();
  for (let count = 0; count < 300; count++) await log.append("a", draft(text));
  const { epoch } = log.head("a");
  const frame = told.at(-1)?.frame ?? "";
  const cost = textBytes + (frame.length - text.length) * (textBytes / text.length) + 160;
  const held = Math.min(ring.entries, Math.floor(ring.bytes / cost));
  expect(log.since("a", { epoch, offset: 300 - held })).toMatchObject({ recovered: true });
  expect(log.since("a", { epoch, offset: 299 - held })).toMatchObject({ recovered: false });
});

describe("the budget of all rings", () => {
  const kib = 1024;

  test("is kept: the fullest rings lose their oldest entries, small ones lose nothing", async () => {
    const { log } = createLog(512 * kib);
    for (let count = 0; count < 10; count++) await log.append("quiet", draft("x"));
    for (let room = 0; room < 100; room++) {
      for (let count = 0; count < 50; count++) await log.append(`loud/${room}`, draft("x".repeat(4_000)));
      expect(log.bytes).toBeLessThanOrEqual(512 * kib);
    }
    const { epoch } = log.head("quiet");
    expect(log.since("quiet", { epoch, offset: 0 })).toMatchObject({ recovered: true });
    expect(log.bytes).toBeGreaterThan(500 * kib);
  });

  test("takes from the ring unused longest among equally full ones", async () => {
    const { log } = createLog(100 * kib);
    const fill = async (name: string) => {
      for (let count = 0; count < 5; count++) await log.append(name, draft("x".repeat(4_000)));
    };
    for (const name of ["a", "b", "c", "d"]) await fill(name);
    await log.append("a", draft("used"));
    await fill("e");
    const recovered = (name: string) => {
      const { epoch } = log.head(name);
      return log.since(name, { epoch, offset: 0 }).recovered;
    };
    expect(["a", "b", "e"].map(recovered)).toEqual([true, false, true]);
  });

  test("shows a reader that its events are gone, and gives it those that are left", async () => {
    const { log } = createLog(20 * kib);
    for (let count = 0; count < 50; count++) await log.append("a", draft("x".repeat(1_000)));
    const { epoch } = log.head("a");
    const { recovered, entries } = log.since("a", { epoch, offset: 10 });
    expect(recovered).toBe(false);
    expect(offsets(entries).at(-1)).toBe(50);
    expect(entries.length).toBeGreaterThan(10);
  });

  test("is given back when a topic is forgotten", async () => {
    const { log } = createLog(1_000 * kib);
    await log.append("a", draft("x"));
    const { bytes } = log;
    await log.append("b", draft("x".repeat(4_000)));
    log.close("b");
    log.close("c");
    expect(log.bytes).toBe(bytes);
    log.close("a");
    expect(log.bytes).toBe(0);
  });
});

test("followers get the event as it is sent, and its size", async () => {
  const { log, told } = createLog();
  await log.append("room/a", {
    ...draft("ä😀"),
    from: "anna",
    to: "all",
    request: { client: "secret", id: "1", body: 1 },
  });
  const { epoch } = log.head("room/a");
  const [entry] = told;
  expect(parseServer(entry?.frame ?? "").message).toEqual({
    ...{ type: "event", topic: "room/a", epoch, offset: 1, at: 1, from: "anna", to: "all" },
    data: { kind: "chat", text: "ä😀" },
  });
  expect(entry?.bytes).toBe(Buffer.byteLength(entry?.frame ?? ""));
  expect(entry?.frame).not.toContain("secret");
});

test("since() returns everything after a cursor, or says that it cannot", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(9_000), { maxLength: 60 }),
      fc.nat(70),
      fc.boolean(),
      async (lengths, offset, same) => {
        const { log, told } = createLog();
        for (const length of lengths) await log.append("a", draft("x".repeat(length)));
        const head = log.head("a");
        const replay = log.since("a", { epoch: same ? head.epoch : "other", offset });
        if (replay.recovered) expect(offsets(replay.entries)).toEqual(offsets(told).slice(offset));
        else
          expect(offsets(replay.entries)).toEqual(offsets(told).slice(told.length - replay.entries.length));
        const kept = told.filter((_, index) => bytesOf(told.slice(index)) <= ring.bytes).length;
        const isHere = same && offset <= told.length && offset >= told.length - kept;
        expect(replay.recovered).toBe(isHere);
      },
    ),
  );
});

test("the size of a text is that of its UTF-8 encoding", () => {
  fc.assert(
    fc.property(fc.string({ unit: character }), (text) => {
      expect(byteLength(text)).toBe(Buffer.byteLength(text));
      expect(byteLength(encode({ type: "echo", re: "1", text }))).toBe(
        Buffer.byteLength(JSON.stringify({ type: "echo", re: "1", text })),
      );
    }),
  );
});
