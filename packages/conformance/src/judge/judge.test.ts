import { expect, test } from "vitest";
import type { Allowed, Observation, Play } from "../model/frame-case.ts";
import {
  binary,
  closes,
  echoes,
  fails,
  frame,
  lenient,
  lenientOnly,
  quits,
  refusesSize,
  replies,
  send,
  text,
  whatever,
} from "../model/writing.ts";
import { bytesOf } from "../wire/bytes.ts";
import { judge } from "./judge.ts";
import { worst } from "./judgement.ts";

const closed: Partial<Observation> = { close: { code: 1000, reason: "" }, ended: "fin" };

function opinion(allowed: readonly Allowed[], observation: Partial<Observation>) {
  const nothing = { messages: [], pongs: [], peerClosedFirst: false, wentOn: false };
  const { behaviour, close } = judge({ steps: [], allowed }, { ...nothing, ...observation });
  return { behaviour: behaviour.verdict, close: close.verdict, why: behaviour.why ?? close.why };
}

function graveness(play: Play, observation: Partial<Observation>) {
  return judge(play, { messages: [], pongs: [], peerClosedFirst: false, wentOn: false, ...observation });
}

function came(...messages: ReturnType<typeof text>[]): Pick<Observation, "messages"> {
  return { messages: messages.map((message) => ({ ...message, compressed: false })) };
}

const pongs = (...payloads: string[]) => ({ pongs: payloads.map(bytesOf) });

test.each([
  ["an echo", echoes(text("a")), { ...came(text("a")), ...closed }, "pass", "pass"],
  ["an echo that does not come", echoes(text("a")), closed, "fail", "pass"],
  ["an echo of another kind", echoes(text("a")), { ...came(binary("a")), ...closed }, "fail", "pass"],
  ["an echo of something else", echoes(text("a")), { ...came(text("b")), ...closed }, "fail", "pass"],
  ["an echo twice", echoes(text("a")), { ...came(text("a"), text("a")), ...closed }, "fail", "pass"],
  [
    "echoes in another order",
    echoes(text("a"), text("b")),
    { ...came(text("b"), text("a")), ...closed },
    "fail",
    "pass",
  ],
  ["a pong", replies({ pongs: ["a"] }), { ...pongs("a"), ...closed }, "pass", "pass"],
  ["a pong that nobody asked for", echoes(), { ...pongs("a"), ...closed }, "fail", "pass"],
  [
    "a pong for the last of several pings",
    replies({ pongs: ["a", "b"] }),
    { ...pongs("b"), ...closed },
    "info",
    "pass",
  ],
  [
    "a pong for the first of several pings",
    replies({ pongs: ["a", "b"] }),
    { ...pongs("a"), ...closed },
    "fail",
    "pass",
  ],
])("%s", (_, allowed, observation, behaviour, close) => {
  expect(opinion(allowed, observation)).toMatchObject({ behaviour, close });
});

test.each<[string, Partial<Observation>, string, string]>([
  [
    "the right code",
    { close: { code: 1002, reason: "" }, ended: "fin", peerClosedFirst: true },
    "pass",
    "pass",
  ],
  [
    "another code",
    { close: { code: 1000, reason: "" }, ended: "fin", peerClosedFirst: true },
    "pass",
    "non-strict",
  ],
  ["no close frame", { ended: "reset" }, "pass", "non-strict"],
  ["a close frame, but TCP stays open", { close: { code: 1002, reason: "" } }, "pass", "fail"],
  [
    "our own code, which was wrong",
    { close: { code: 1001, reason: "" }, ended: "fin", echoedCode: true },
    "pass",
    "non-strict",
  ],
  ["nothing at all", {}, "fail", "fail"],
  ["an answer to a later ping", { wentOn: true }, "fail", "fail"],
  ["an echo of what is wrong", { ...came(text("bad")), ended: "fin" }, "fail", "non-strict"],
])("a connection that must fail but shows %s", (_, observation, behaviour, close) => {
  expect(opinion(fails(1002), observation)).toMatchObject({ behaviour, close });
});

test("a pong whose payload nobody sent is the peer's own, and does not excuse a missing answer", () => {
  const [own, answer] = [bytesOf("own"), bytesOf("a")];
  const both = { ...closed, pongs: [own, answer], unsolicited: [own] };
  expect(opinion(replies({ pongs: ["a"] }), both).behaviour).toBe("pass");
  expect(opinion(echoes(), { ...closed, pongs: [own], unsolicited: [own] }).behaviour).toBe("pass");
  const alone = { ...closed, pongs: [own], unsolicited: [own] };
  expect(opinion(replies({ pongs: ["a"] }), alone).behaviour).toBe("fail");
});

test("a pong after the close frame is no data, but it is late", () => {
  const late = { ...pongs("a"), ...closed, latePong: true };
  expect(opinion(replies({ pongs: ["a"] }), late)).toMatchObject({ behaviour: "non-strict", close: "pass" });
});

test("messages before the fault may be lost with the connection", () => {
  const allowed = fails(1002, { messages: [text("a")] });
  const failed: Partial<Observation> = {
    close: { code: 1002, reason: "" },
    ended: "fin",
    peerClosedFirst: true,
  };
  expect(opinion(allowed, { ...failed, ...came(text("a")) }).behaviour).toBe("pass");
  expect(opinion(allowed, failed).behaviour).toBe("non-strict");
});

test.each<[string, Partial<Observation>, string]>([
  ["the same code", closed, "pass"],
  ["another code", { close: { code: 1001, reason: "" }, ended: "fin" }, "non-strict"],
  ["a code that calls it wrong", { close: { code: 1002, reason: "" }, ended: "fin" }, "fail"],
  ["no close frame", { ended: "fin" }, "fail"],
  ["no end of TCP", { close: { code: 1000, reason: "" } }, "fail"],
  ["a close frame before ours", { ...closed, peerClosedFirst: true }, "fail"],
])("a close frame is answered with %s", (_, observation, verdict) => {
  expect(opinion(closes(1000), observation).close).toBe(verdict);
  expect(opinion(echoes(), observation).close).toBe(verdict);
});

test.each<[string, Partial<Observation>, string]>([
  ["takes it", { ...came(text("a")), ...closed }, "pass"],
  ["refuses it", { close: { code: 1009, reason: "" }, ended: "fin", peerClosedFirst: true }, "info"],
  ["drops the connection", { ended: "reset" }, "non-strict"],
  [
    "fails for another reason",
    { close: { code: 1002, reason: "" }, ended: "fin", peerClosedFirst: true },
    "fail",
  ],
])("if a limit is allowed, a peer %s", (_, observation, verdict) => {
  const { behaviour, close } = opinion([...echoes(text("a")), ...refusesSize(1009, "a limit")], observation);
  expect(worst(behaviour, close)).toBe(verdict);
});

test("the verdict is the best behaviour that fits, and says why it is not the best of all", () => {
  const allowed = [...fails(1007), ...lenient("late", echoes(text("a")))];
  expect(opinion(allowed, { ...came(text("a")), ...closed, wentOn: true })).toEqual({
    behaviour: "non-strict",
    close: "pass",
    why: "late",
  });
  const failed: Partial<Observation> = {
    close: { code: 1007, reason: "" },
    ended: "fin",
    peerClosedFirst: true,
  };
  expect(opinion(allowed, failed)).toMatchObject({ behaviour: "pass", close: "pass" });
});

test("a peer that itself breaks the rules fails, whatever else it does", () => {
  const observation = { ...came(text("a")), ...closed, violation: "a masked frame (RFC 6455 §5.1)" };
  expect(opinion(echoes(text("a")), observation)).toMatchObject({
    behaviour: "fail",
    why: expect.stringContaining("a masked frame (RFC 6455 §5.1)"),
  });
});

test("if nothing is right or wrong, the report says what the peer did", () => {
  expect(opinion(whatever("told"), {})).toEqual({ behaviour: "info", close: "info", why: "told" });
});

test("if a connection may be kept, what comes back is still judged", () => {
  const allowed: Allowed[] = [{ verdict: "non-strict", messages: [], end: { kind: "kept" } }];
  expect(opinion(allowed, {}).behaviour).toBe("non-strict");
  expect(opinion(allowed, came(text("half"))).behaviour).toBe("fail");
});

test.each<[string, readonly Allowed[], Partial<Observation>, string]>([
  ["changed", echoes(text("abcd")), came(text("abXd")), "the message came back changed, from byte 2 on"],
  ["shorter", echoes(text("abcd")), came(text("acd")), "from byte 1 on, 3 bytes instead of 4 bytes"],
  [
    "longer",
    echoes(text("ab")),
    came(text("abc")),
    "with extra bytes at its end, 3 bytes instead of 2 bytes",
  ],
  ["of another kind", echoes(text("ab")), came(binary("ab")), "came back as binary, not as text"],
  [
    "in another order",
    echoes(text("a"), text("b")),
    came(text("b"), text("a")),
    "message 1 came back changed, from byte 0 on",
  ],
  ["twice", echoes(text("a")), came(text("a"), text("a")), "one message too many came back"],
  ["unasked", echoes(), came(text("a")), "but none was expected"],
])("a message that comes back %s is distinguished", (_, allowed, observation, why) => {
  expect(opinion(allowed, { ...closed, ...observation }).why).toContain(why);
});

test("a wait until the deadline is a failure", () => {
  expect(opinion(replies({ pongs: ["a"] }), { stuck: "pong 1" })).toMatchObject({
    behaviour: "fail",
    why: expect.stringContaining("pong 1"),
  });
});

test("the worst of several verdicts", () => {
  expect(worst("pass", "info")).toBe("info");
  expect(worst("non-strict", "pass", "info")).toBe("non-strict");
  expect(worst("non-strict", "fail")).toBe("fail");
});

test("a peer that passes over what it must fail for, and goes on, fails even if it closes well when asked", () => {
  const allowed = [...fails(1002), ...lenient("it reads it", echoes(text("a")))];
  const skipped = { ...closed, wentOn: true };
  expect(opinion(allowed, skipped)).toMatchObject({
    behaviour: "fail",
    why: expect.stringContaining("answered a later ping"),
  });
});

test("a peer that had to be closed has not given up", () => {
  const allowed = [
    ...echoes(text("a"), text("b")),
    ...quits("a policy", { messages: [text("a"), text("b")] }),
  ];
  const lost = { ...came(text("a")), ...closed, closedByUs: true };
  expect(opinion(allowed, lost)).toMatchObject({ behaviour: "fail", why: "1 of 2 messages came back" });
  expect(opinion(allowed, { ...lost, close: { code: 1005, reason: "" } }).behaviour).toBe("fail");
  const cut: Partial<Observation> = { ...came(text("a")), ended: "fin" };
  expect(opinion(allowed, cut).behaviour).toBe("info");
  expect(opinion(allowed, { ...cut, closedByUs: true }).behaviour).toBe("fail");
  expect(opinion(allowed, { ...lost, peerClosedFirst: true }).behaviour).toBe("info");
});

test("a message missing between two others is a gap, whatever becomes of the connection", () => {
  const messages = [text("a"), text("b"), text("c")];
  const gapless = quits("a policy", { messages }).map((each) => ({ ...each, gapless: true as const }));
  const allowed = [...echoes(...messages), ...gapless];
  expect(opinion(allowed, { ...came(text("a"), text("b")), ended: "fin" }).behaviour).toBe("info");
  expect(opinion(allowed, { ...came(text("a"), text("c")), ended: "fin" }).behaviour).toBe("fail");
  expect(opinion(allowed, { ...came(text("b"), text("c")), ended: "reset" }).behaviour).toBe("fail");
});

test.each<[string, readonly string[], readonly string[], string]>([
  ["and all answers", ["a", "b"], ["own", "a", "b"], "pass"],
  ["in place of the last answer", ["a", "b"], ["a", "own"], "fail"],
  ["before the first answer alone", ["a", "b"], ["own", "a"], "fail"],
  ["and the last answer", ["a", "b"], ["own", "b"], "info"],
  ["in place of the only answer", ["a"], ["own"], "fail"],
])("a pong of the peer's own %s", (_what, expected, observed, verdict) => {
  const payloads = observed.map(bytesOf);
  const unsolicited = payloads.filter((_, index) => observed[index] === "own");
  const { behaviour } = opinion(replies({ pongs: expected }), { ...closed, pongs: payloads, unsolicited });
  expect(behaviour).toBe(verdict);
});

const asked: Play = { steps: [send(frame.text("Hello, world"))], allowed: echoes(text("Hello, world")) };
const wrongly: Play = { steps: [send(frame.text("Hello, world", { rsv2: true }))], allowed: fails(1002) };

test.each<[string, Play, Partial<Observation>]>([
  ["where a message should be refused", wrongly, came(text("secret!"))],
  ["and nothing else", wrongly, { ...came(text("secret!")), wentOn: true }],
  ["in a pong", wrongly, { pongs: [bytesOf("secret!")], unsolicited: [bytesOf("secret!")] }],
  ["after the echo", asked, { ...came(text("Hello, world"), text("secret!")), ...closed }],
  ["at the end of the echo", asked, { ...came(text("Hello, worldsecret!")), ...closed }],
])("bytes that nobody sent, %s, are the gravest failure", (_where, play, observation) => {
  const { behaviour, grave } = graveness(play, observation);
  expect([behaviour.verdict, grave]).toEqual(["fail", "invention"]);
  expect(behaviour.why).toContain("that it had never received");
});

test.each<[string, Play, Partial<Observation>]>([
  ["what was sent comes back where it must not", wrongly, came(text("Hello, world"))],
  ["a part of what was sent comes back", wrongly, came(text("world"))],
  ["U+FFFD stands for what was sent", wrongly, came(text("\ufffd\ufffd\ufffd"))],
  ["a message is changed on its way", asked, { ...came(text("Xxxxx_ yyyyy")), ...closed }],
  ["the echo comes twice", asked, { ...came(text("Hello, world"), text("Hello, world")), ...closed }],
  [
    "the peer has its own heartbeat",
    asked,
    { ...closed, pongs: [bytesOf("beat")], unsolicited: [bytesOf("beat")] },
  ],
])("no bytes are invented where %s", (_what, play, observation) => {
  const { behaviour, grave } = graveness(play, observation);
  expect([behaviour.verdict, grave]).toEqual(["fail", undefined]);
});

test("a close code that the peer cannot have meant is reported as bytes that nobody sent", () => {
  const { behaviour, grave } = graveness(asked, { violation: "close code 25209 on the wire", rubbish: true });
  expect([behaviour.verdict, grave]).toEqual(["fail", "invention"]);
});

test("exceeding a limit of the judge breaks no rule", () => {
  const { behaviour } = graveness(asked, { excess: "more than 100 bytes, the limit of this case" });
  expect(behaviour).toMatchObject({ verdict: "fail", why: expect.not.stringContaining("rules") });
});

test("a strict run allows no more than Autobahn", () => {
  const strictly = (allowed: readonly Allowed[], observation: Partial<Observation>) => {
    const nothing = { messages: [], pongs: [], peerClosedFirst: false, wentOn: false };
    const verdicts = [false, true].map((strict) => {
      const { behaviour, close } = judge({ steps: [], allowed }, { ...nothing, ...observation }, strict);
      return worst(behaviour.verdict, close.verdict);
    });
    return verdicts;
  };
  const echoed = [...fails(1002), ...lenientOnly("it does not mind", closes(1016))];
  const code: Partial<Observation> = { close: { code: 1016, reason: "" }, ended: "fin", echoedCode: true };
  expect(strictly(echoed, code)).toEqual(["non-strict", "fail"]);
  expect(strictly(fails(1002), { ...closed })).toEqual(["non-strict", "fail"]);
  expect(strictly(replies({ pongs: ["a", "b"] }), { ...pongs("b"), ...closed })).toEqual(["info", "fail"]);
  expect(strictly(echoes(text("a")), { ...came(text("a")), ...closed })).toEqual(["pass", "pass"]);
});

test("if a peer must react at once, a later reaction does not count", () => {
  const allowed = fails(1002).map((each) => ({ ...each, atOnce: true as const }));
  const failed = { close: { code: 1002, reason: "" }, ended: "fin", peerClosedFirst: true } as const;
  expect(opinion(allowed, { ...failed, atOnce: true }).behaviour).toBe("pass");
  expect(opinion(allowed, failed)).toMatchObject({
    behaviour: "fail",
    why: "the peer did not react until the rest was sent",
  });
});

test("masking keys that can be guessed are reported with how to guess them", () => {
  const allowed = echoes().map((each) => ({ ...each, keys: "unpredictable" as const }));
  const why = (...keys: number[][]) =>
    opinion(allowed, { ...closed, keys: keys.map((key) => Uint8Array.from(key)) }).why;
  expect(why([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4])).toMatch(/^each masking key is .*01 ?02 ?03 ?04/);
  expect(why([0, 0, 0, 1], [0, 0, 0, 2], [0, 0, 0, 3])).toBe("each masking key follows from the one before");
  expect(why([0, 0, 0, 1], [0, 0, 0, 9], [0, 0, 0, 1])).toBe("masking keys repeat");
  expect(why([0, 0, 0, 1], [7, 0, 0, 9], [0, 3, 0, 1])).toBeUndefined();
});
