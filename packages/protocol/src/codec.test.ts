import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  bounds,
  type ClientMessage,
  type ErrorCode,
  encode,
  type Parsed,
  parseClient,
  parseServer,
  requestId,
  type ServerMessage,
} from "./index.ts";

// Without lone surrogates. In UTF-16 each character is one unit or two.
const character = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  fc.constantFrom("a", '"', "\\", "\n", "é", "😀"),
);
const string = (maxLength: number) => fc.string({ unit: character, maxLength });
const text = string(bounds.text / 2);
const id = fc.string({ unit: character, minLength: 1, maxLength: bounds.id / 2 });
const topic = fc.stringMatching(/^[a-z]{1,16}(\/[a-z0-9-]{1,32})?$/);
const epoch = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 32 });
const count = fc.nat(Number.MAX_SAFE_INTEGER);
// JSON has no -0.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const code = fc.integer({ min: 1000, max: 4999 });
const to = fc.constantFrom("all" as const, "others" as const);
const mebibytes = fc.integer({ min: 1, max: 256 });
const member = string(16);

const errorCodes = [
  "invalid",
  "unknown_type",
  "hello_required",
  "forbidden",
  "not_found",
  "conflict",
  "limit",
  "rate_limited",
  "unavailable",
] as const satisfies ErrorCode[];
const type = <T extends string>(name: T): Arbitrary<T> => fc.constant(name);

const data = fc.oneof(
  fc.record({ kind: type("chat"), text }),
  fc.record({ kind: type("presence"), count, members: fc.array(member, { maxLength: 100 }) }),
  fc.record({ kind: type("weather"), station: string(9), celsius: number, windKmh: number }),
  fc.record({ kind: type("score"), minute: count, home: count, away: count, what: string(9) }),
  fc.record(
    {
      kind: type("progress"),
      state: fc.constantFrom("running" as const, "done" as const, "cancelled" as const, "failed" as const),
      done: count,
      total: count,
      result: string(64),
    },
    { requiredKeys: ["kind", "state", "done", "total"] },
  ),
  fc.record({
    kind: type("log"),
    name: fc.constantFrom("opened" as const, "refused" as const, "closed" as const),
    details: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.oneof(string(9), number)),
  }),
);

const clientMessages: { [T in ClientMessage["type"]]: Arbitrary<ClientMessage<T>> } = {
  hello: fc.record(
    { type: type("hello"), id, client: fc.stringMatching(/^[0-9a-f]{32}$/), connection: count },
    { requiredKeys: ["type", "id", "client"] },
  ),
  echo: fc.record({ type: type("echo"), id, text }),
  publish: fc.record({ type: type("publish"), id, topic, to, text }),
  subscribe: fc.record(
    { type: type("subscribe"), id, topic, since: fc.record({ epoch, offset: count }) },
    { requiredKeys: ["type", "id", "topic"] },
  ),
  unsubscribe: fc.record({ type: type("unsubscribe"), id, topic }),
  start: fc.record({ type: type("start"), id, job: type("hash"), mebibytes }),
  cancel: fc.record({ type: type("cancel"), id, topic }),
  ping: fc.record({ type: type("ping"), id, at: number }),
  stop: fc.record({ type: type("stop"), id }),
  chaos: fc.record(
    {
      type: type("chaos"),
      id,
      do: fc.constantFrom("close" as const, "terminate" as const, "flood" as const, "throw" as const),
      code,
      mebibytes,
    },
    { requiredKeys: ["type", "id", "do"] },
  ),
};

const serverMessages: { [T in ServerMessage["type"]]: Arbitrary<ServerMessage<T>> } = {
  welcome: fc.record({
    type: type("welcome"),
    re: id,
    server: string(9),
    runtime: string(9),
    session: string(9),
    member,
    known: fc.boolean(),
    limits: fc.record({
      messageBytes: count,
      queueBytes: count,
      topics: count,
      messagesPerSecond: count,
      burst: count,
      heartbeatMs: count,
    }),
  }),
  echo: fc.record({ type: type("echo"), re: id, text }),
  ack: fc.record({ type: type("ack"), re: id, topic, epoch, offset: count }),
  subscribed: fc.record({
    type: type("subscribed"),
    re: id,
    topic,
    mode: fc.constantFrom("stream" as const, "latest" as const),
    epoch,
    offset: count,
    recovered: fc.boolean(),
  }),
  pong: fc.record({ type: type("pong"), re: id, at: number, serverAt: number }),
  event: fc.record(
    { type: type("event"), topic, epoch, offset: count, at: number, from: member, to, data },
    { requiredKeys: ["type", "topic", "epoch", "offset", "at", "data"] },
  ),
  error: fc.record(
    {
      type: type("error"),
      re: id,
      code: fc.constantFrom(...errorCodes),
      message: string(99),
      retryAfterMs: count,
    },
    { requiredKeys: ["type", "code", "message"] },
  ),
  bye: fc.record(
    { type: type("bye"), re: id, code, retryAfterMs: count, final: fc.boolean() },
    { requiredKeys: ["type", "code"] },
  ),
};

type Parse = (text: string) => Parsed<ClientMessage | ServerMessage>;
const unions: [string, Parse, Record<string, Arbitrary<ClientMessage | ServerMessage>>][] = [
  ["client", parseClient, clientMessages],
  ["server", parseServer, serverMessages],
];

const anyUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

/** The id that is read alone is the one that is read with the rest. */
function expectSameId(text: string, { message, problem }: Parsed<ClientMessage>): void {
  expect(requestId(text)).toBe(message?.id ?? problem?.id);
}

/** For any text, a parser returns a problem, or a message that can be sent and parsed again. */
function expectSound(parse: Parse, text: string): void {
  const { message, problem } = parse(text);
  expect(message === undefined).toBe(problem !== undefined);
  if (message) expect(encode(parse(encode(message)).message as typeof message)).toBe(encode(message));
  if (parse === parseClient) expectSameId(text, parseClient(text));
  if (!problem) return;
  expect(["invalid", "unknown_type"]).toContain(problem.code);
  expect(problem.reason).toMatch(/^[a-z][\w.:, -]{2,150}$/i);
  if (problem.id === undefined) return;
  expect(problem.id.length).toBeGreaterThan(0);
  expect(problem.id.length).toBeLessThanOrEqual(bounds.id);
  expect(problem.id.isWellFormed()).toBe(true);
}

describe.each(unions)("a %s message", (_side, parse, messages) => {
  const message = fc.oneof(...Object.values(messages));
  const types = Object.keys(messages);

  test.each(Object.entries(messages))("%s survives being sent and parsed", (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (sent) => {
        expect(parse(encode(sent))).toEqual({ message: sent });
      }),
    );
  });

  test("is a single line", () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(encode(sent)).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test("may have unknown fields", () => {
    const more = fc.dictionary(fc.stringMatching(/^x[a-z]{0,9}$/), fc.jsonValue());
    fc.assert(
      fc.property(message, more, (sent, unknown) => {
        expect(parse(JSON.stringify({ ...unknown, ...sent }))).toEqual({ message: sent });
      }),
    );
  });

  test("can be any text without making the parser throw", () => {
    fc.assert(fc.property(fc.oneof(anyUnits, fc.json()), (sent) => expectSound(parse, sent)));
  });

  test("can be any object of any known type without making the parser throw", () => {
    const field = fc.constantFrom("id", "re", "topic", "to", "text", "since", "code", "data", "at", "epoch");
    const object = fc.dictionary(field, fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...types), object, (name, fields) => {
        expectSound(parse, JSON.stringify({ ...fields, type: name }));
      }),
    );
  });

  test("can be damaged anywhere without making the parser throw", () => {
    const damage = fc.record({ at: fc.nat(), delete: fc.nat(3), insert: anyUnits });
    fc.assert(
      fc.property(message, damage, (sent, { at, delete: deleted, insert }) => {
        const whole = encode(sent);
        const from = at % whole.length;
        expectSound(parse, whole.slice(0, from) + insert + whole.slice(from + deleted));
      }),
    );
  });

  test("is invalid if it has only a type", () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), (name) => {
        expect(parse(JSON.stringify({ type: name })).problem?.code).toBe("invalid");
      }),
    );
  });

  test.each([
    ["no text", "", "not JSON"],
    ["a word", "hello", "not JSON"],
    ["a trailing comma", '{"type":"stop",}', "not JSON"],
    ["NaN", '{"at":NaN}', "not JSON"],
    ["a byte order mark", "\ufeff{}", "not JSON"],
    ["100,000 brackets", "[".repeat(100_000), "not JSON"],
    ["100,000 arrays", "[".repeat(100_000) + "]".repeat(100_000), /^not (JSON|a JSON object)$/],
    ["null", "null", "not a JSON object"],
    ["a number", "17", "not a JSON object"],
    ["a string", '"stop"', "not a JSON object"],
    ["an array", '[{"type":"stop","id":"a"}]', "not a JSON object"],
    ["an object without a type", "{}", "type: none of the known ones"],
    ["a type in an array", '{"type":["stop"],"id":"a"}', "type: none of the known ones"],
    ["a type that acts as a string", '{"type":{"toString":"stop"},"id":"a"}', "type: none of the known ones"],
    ["a prototype", '{"__proto__":{"type":"stop","id":"a"}}', "a key that no message has"],
    ["a constructor", '{"type":"stop","id":"a","constructor":{"prototype":{}}}', "a key that no message has"],
  ])("cannot be %s", (_what, sent, reason) => {
    const { problem } = parse(sent);
    expect(problem?.code).toBe("invalid");
    expect(problem?.reason).toMatch(reason);
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", ""])(
    "of the type %j is unknown",
    (name) => {
      expect(parse(JSON.stringify({ type: name, id: "a" })).problem).toEqual({
        code: "unknown_type",
        reason: "unknown type",
        id: "a",
      });
    },
  );
});

function problemOf(fields: string): unknown {
  return parseClient(`{${fields}}`).problem;
}

test("names of a prototype's properties are not valid values, and pollute nothing", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const value = JSON.stringify(name);
    expect(parseClient(`{"type":"stop","id":${value}}`).message).toEqual({ type: "stop", id: name });
    expect(problemOf(`"type":"echo","id":"a","text":{${value}:1}`)).toBeDefined();
    expect(problemOf(`"type":"start","id":"a","job":${value},"mebibytes":1`)).toBeDefined();
    expect(problemOf(`"type":"publish","id":"a","topic":"room/x","to":${value},"text":""`)).toBeDefined();
    expect(problemOf(`"type":"subscribe","id":"a","topic":"room/${name.toUpperCase()}"`)).toBeDefined();
    parseClient(
      `{"type":"subscribe","id":"a","topic":"x","since":{${value}:{"x":1}},"epoch":"e","offset":1}`,
    );
    const details = `{${value}:"polluted","x":1}`;
    const log = `{"kind":"log","name":"job","details":${details}}`;
    parseServer(`{"type":"event","topic":"log","epoch":"e","offset":1,"at":1,"data":${log}}`);
  }
  expect(({} as { x?: unknown }).x).toBeUndefined();
  expect(Object.prototype.toString.call({})).toBe("[object Object]");
});

test("an event's details cannot replace its prototype", () => {
  const log = '{"kind":"log","name":"job","details":{"__proto__":5,"a":1}}';
  const { message } = parseServer(
    `{"type":"event","topic":"log","epoch":"e","offset":1,"at":1,"data":${log}}`,
  );
  const details = message?.type === "event" && message.data.kind === "log" ? message.data.details : undefined;
  expect(Object.getPrototypeOf(details)).toBe(Object.prototype);
});

test.each([
  [
    "a lone surrogate in a text",
    '"type":"echo","id":"a","text":"\\ud800"',
    "text: is not well-formed Unicode",
  ],
  ["half a surrogate pair in an id", '"type":"stop","id":"\\udc00"', "id: is not well-formed Unicode"],
  ["1e999", '"type":"ping","id":"a","at":1e999', "at: expected number"],
  ["-1e999", '"type":"ping","id":"a","at":-1e999', "at: expected number"],
  ["a number in a string", '"type":"ping","id":"a","at":"1"', "at: expected number"],
  ["no id", '"type":"stop"', "id: expected string"],
  ["an id of another type", '"type":"stop","id":1', "id: expected string"],
  ["an empty id", '"type":"stop","id":""', "id: at least 1"],
  ["an id that is too long", `"type":"stop","id":"${"i".repeat(65)}"`, "id: at most 64"],
  ["an id of emoji that is too long", `"type":"stop","id":"${"😀".repeat(33)}"`, "id: at most 64"],
  [
    "a text of emoji that is too long",
    `"type":"echo","id":"a","text":"${"😀".repeat(2049)}"`,
    "text: at most 4096",
  ],
  [
    "an epoch that is too long",
    `"type":"subscribe","id":"a","topic":"x","since":{"epoch":"${"😀".repeat(17)}","offset":1}`,
    "since.epoch: at most 32",
  ],
  ["a text that is too long", `"type":"echo","id":"a","text":"${"t".repeat(4097)}"`, "text: at most 4096"],
  ["a topic in capitals", '"type":"subscribe","id":"a","topic":"Scores"', "topic: not in the form"],
  ["a topic with a line break", '"type":"subscribe","id":"a","topic":"scores\\n"', "topic: not in the form"],
  ["a room without a name", '"type":"subscribe","id":"a","topic":"room/"', "topic: not in the form"],
  ["a room in a room", '"type":"subscribe","id":"a","topic":"room/a/b"', "topic: not in the form"],
  [
    "a room's long name",
    `"type":"subscribe","id":"a","topic":"room/${"r".repeat(33)}"`,
    "topic: not in the form",
  ],
  [
    "a client of 31 digits",
    `"type":"hello","id":"a","client":"${"a".repeat(31)}"`,
    "client: not in the form",
  ],
  [
    "a client of 33 digits",
    `"type":"hello","id":"a","client":"${"a".repeat(33)}"`,
    "client: not in the form",
  ],
  ["a short client", '"type":"hello","id":"a","client":"0123"', "client: not in the form"],
  [
    "a negative offset",
    '"type":"subscribe","id":"a","topic":"x","since":{"epoch":"e","offset":-1}',
    "since.offset: at least 0",
  ],
  [
    "half an offset",
    '"type":"subscribe","id":"a","topic":"x","since":{"epoch":"e","offset":0.5}',
    "since.offset: expected int",
  ],
  [
    "an offset beyond 2^53",
    '"type":"subscribe","id":"a","topic":"x","since":{"epoch":"e","offset":1e16}',
    "since.offset: at most",
  ],
  ["a cursor that is null", '"type":"subscribe","id":"a","topic":"x","since":null', "since: expected object"],
  ["too much work", '"type":"start","id":"a","job":"hash","mebibytes":257', "mebibytes: at most 256"],
  ["no work", '"type":"start","id":"a","job":"hash","mebibytes":0', "mebibytes: at least 1"],
  [
    "a close code of RFC 6455's future",
    '"type":"chaos","id":"a","do":"close","code":5000',
    "code: at most 4999",
  ],
  [
    "an unknown audience",
    '"type":"publish","id":"a","topic":"x","to":"me","text":""',
    "to: expected one of all, others",
  ],
])("%s is refused, and the field is named", (_what, fields, reason) => {
  expect(parseClient(`{${fields}}`).problem).toMatchObject({
    code: "invalid",
    reason: expect.stringContaining(reason),
  });
});

test("if a key occurs twice the last one counts, as with JSON.parse", () => {
  expect(parseClient('{"type":"stop","id":"a","type":"echo","id":"b","text":""}').message).toEqual({
    type: "echo",
    id: "b",
    text: "",
  });
});

test("a text may be exactly as long as the limit, in any script", () => {
  const longest = "😀".repeat(bounds.text / 2);
  const message = { type: "echo", id: "i".repeat(bounds.id), text: longest } as const;
  expect(parseClient(encode(message))).toEqual({ message });
  const inEmoji = { type: "echo", id: "😀".repeat(bounds.id / 2), text: "" } as const;
  expect(parseClient(encode(inEmoji))).toEqual({ message: inEmoji });
});

test("a member's name is no longer than the protocol allows", () => {
  const event = (member: string) =>
    encode({
      type: "event",
      topic: "x",
      epoch: "e",
      offset: 1,
      at: 1,
      from: member,
      data: { kind: "chat", text: "" },
    });
  expect(parseServer(event("😀".repeat(16))).problem).toBeUndefined();
  expect(parseServer(event("😀".repeat(17))).problem?.reason).toBe("from: at most 32");
});

test("the reply to an unreadable request carries its id, if it has one", () => {
  expect(parseClient('{"type":"echo","id":"a"}').problem?.id).toBe("a");
  expect(parseClient('{"type":"dance","id":"a"}').problem?.id).toBe("a");
  for (const longest of ["i".repeat(bounds.id), "😀".repeat(bounds.id / 2)]) {
    expect(parseClient(JSON.stringify({ type: "dance", id: longest })).problem?.id).toBe(longest);
  }
  for (const unusable of ['""', '"\\ud800"', "1", "null", `"${"i".repeat(65)}"`, `"${"😀".repeat(33)}"`]) {
    expect(parseClient(`{"type":"dance","id":${unusable}}`).problem?.id).toBeUndefined();
  }
});

test("a problem never quotes what was sent", () => {
  const mark = "qzxj";
  const texts = [
    `{"type":"${mark}","id":"a"}`,
    `{"type":"publish","id":"a","topic":"${mark}!","to":"${mark}","text":""}`,
    `{"type":"hello","id":"a","client":"${mark}"}`,
    `{"${mark}":1}`,
    `${mark}`,
  ];
  for (const sent of texts) expect(parseClient(sent).problem?.reason).not.toContain(mark);
  const details = `{"${mark}":{}}`;
  const data = `{"kind":"log","name":"job","details":${details}}`;
  const event = `{"type":"event","topic":"log","epoch":"e","offset":1,"at":1,"data":${data}}`;
  expect(parseServer(event).problem?.reason).toBe("data.details: none of the known ones");
});

test("where a policy forbids compiling, it is not even attempted", async () => {
  const z = await import("zod/mini");
  let attempts = 0;
  const forbidden = new Proxy(Function, {
    construct: () => {
      attempts += 1;
      throw new EvalError("unsafe-eval");
    },
  });
  vi.stubGlobal("Function", forbidden);
  z.config({ jitless: true });
  try {
    vi.resetModules();
    const fresh = await import("./index.ts");
    expect(fresh.parseClient('{"type":"stop","id":"a"}').message).toEqual({ type: "stop", id: "a" });
    expect(fresh.parseServer('{"type":"bye","code":1000}').message).toEqual({ type: "bye", code: 1000 });
    expect(fresh.parseClient('{"type":"stop"}').problem?.reason).toBe("id: expected string");
    expect(attempts).toBe(0);
  } finally {
    z.config({ jitless: false });
    vi.unstubAllGlobals();
  }
});
