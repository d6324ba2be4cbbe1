import { defaultLimits, parseClient } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { maskedFrame, type Scene, type Way, wayOf, ways } from "./model.ts";

/** What a way sends, and with what it closes. */
function played(way: Way): { sent: (string | Uint8Array)[]; closed: unknown[][]; twins: number } {
  const [sent, closed] = [[] as (string | Uint8Array)[], [] as unknown[][]];
  let twins = 0;
  const scene: Scene = {
    probe: { send: (data) => void sent.push(data), close: (...how) => void closed.push(how) },
    secret: "0".repeat(32),
    messageBytes: 100,
    code: 4123,
    reason: "enough",
    twin: () => {
      twins += 1;
    },
  };
  way.act?.(scene);
  return { sent, closed, twins };
}

test("ways have ids of their own, and an unknown one is the first", () => {
  const ids = ways.flatMap((group) => group.ways.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(wayOf("nothing").id).toBe(ids[0]);
});

test("what is sent to /ws is what the protocol knows, but where it must not be", () => {
  for (const { ways: each } of ways) {
    for (const way of each.filter(({ endpoint, id }) => endpoint === "application" && id !== "bad")) {
      const texts = played(way).sent.filter((data) => typeof data === "string");
      expect(texts.map((text) => parseClient(text).problem).filter(Boolean), way.id).toEqual([]);
    }
  }
});

test("each way does what it says", () => {
  expect(played(wayOf("own")).closed).toEqual([[4123, "enough"]]);
  expect(played(wayOf("none")).closed).toEqual([[]]);
  expect(played(wayOf("big")).sent[0]).toHaveLength(101);
  expect(played(wayOf("bad")).sent.map((text) => parseClient(String(text)).message)).toEqual(
    Array(5).fill(undefined),
  );
  expect(played(wayOf("twice")).twins).toBe(1);
  expect(played(wayOf("silent")).sent).toEqual([]);
});

test("each chaos request names what the server must do", () => {
  const ordered = (id: string) => {
    const texts = played(wayOf(id)).sent.map((text) => parseClient(String(text)).message);
    return texts.find((message) => message?.type === "chaos");
  };
  expect(ordered("order")).toMatchObject({ do: "close", code: 4123 });
  expect(ordered("throw")).toMatchObject({ do: "throw" });
  expect(ordered("terminate")).toMatchObject({ do: "terminate" });
});

test("the flood and the bad messages exceed the server's limits", () => {
  const { burst, badMessages } = defaultLimits;
  expect(played(wayOf("flood")).sent.length - 1).toBeGreaterThan(burst);
  expect(played(wayOf("bad")).sent).toHaveLength(badMessages);
});

test("at /echo `stop` is plain text, and binary is binary", () => {
  expect(played(wayOf("echo-stop")).sent).toEqual(["stop"]);
  expect(played(wayOf("binary")).sent).toEqual([Uint8Array.of(1)]);
  expect(played(wayOf("normal")).closed).toEqual([[1000]]);
});

test("only the handshake that must be refused offers no subprotocol", () => {
  expect(ways.flatMap((group) => group.ways.filter(({ bare }) => bare).map(({ id }) => id))).toEqual([
    "refused",
  ]);
});

test("the wire log shows asterisks for every copy of the secret", () => {
  const [secret, asterisks] = ["0f".repeat(16), "*".repeat(32)];
  const [text, reason] = [`${secret}${secret}`, `${asterisks}${asterisks}`];
  const close = { at: 0, direction: "in", kind: "close", code: 1008, wasClean: true } as const;
  expect(maskedFrame({ at: 0, direction: "in", kind: "text", data: text }, secret)).toMatchObject({
    data: reason,
  });
  expect(maskedFrame({ ...close, reason: text }, secret)).toEqual({ ...close, reason });
  const bytes = { at: 0, direction: "in", kind: "binary", data: Uint8Array.of(1) } as const;
  expect(maskedFrame(bytes, secret)).toBe(bytes);
});

test("a close is agreed on only if this side asked for it", () => {
  const agreed = ways.flatMap((group) => group.ways.filter((way) => way.agreed).map(({ id }) => id));
  expect(agreed).toEqual(["echo-stop", "stop", "normal", "own", "none"]);
});
