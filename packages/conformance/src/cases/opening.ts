import type { AllowedAnswer, Demand, OpeningCase, RequestContext } from "../model/opening-case.ts";
import { type Common, frame, numbered } from "../model/writing.ts";
import { type Address, type HandshakeResponse, valuesOf } from "../wire/handshake.ts";
import {
  accepts,
  andCloses,
  type Changes,
  handshake,
  refuses,
  refusesOrIgnores,
  told,
  tolerated,
  without,
} from "./write-request.ts";

/** One case of a family, by its differences. */
interface Row extends Partial<Omit<OpeningCase, "id" | "kind">> {
  title: string;
  changes?: Changes | ((context: RequestContext) => Changes);
}

function family(
  number: number,
  common: Common & { allowed?: readonly AllowedAnswer[] },
  rows: readonly Row[],
): OpeningCase[] {
  return numbered(
    `10.${number}`,
    rows.map(({ changes = {}, ...row }) => ({
      kind: "opening" as const,
      request: (context: RequestContext) =>
        handshake(context, typeof changes === "function" ? changes(context) : changes),
      allowed: accepts(),
      ...common,
      ...row,
    })),
  );
}

const must = { level: "MUST" } as const;
const should = { level: "SHOULD" } as const;
const may = { level: "MAY" } as const;

// The key and its proof from the example in RFC 6455 §1.3.
const sample = { key: "dGhlIHNhbXBsZSBub25jZQ==", accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" };

const sampleAccept: Demand = {
  words: `Sec-WebSocket-Accept: ${sample.accept}`,
  problem: (head) =>
    valuesOf(head, "sec-websocket-accept").includes(sample.accept)
      ? undefined
      : `expected the value of §1.3,  ${sample.accept}`,
};

const version11: Demand = {
  words: "as HTTP/1.1",
  problem: ({ version }) => (version === "1.1" ? undefined : `the answer is HTTP/${version}`),
};

const answer = family(
  1,
  {
    ...must,
    clause: "RFC 6455 §4.2.2",
    gist: "The answer is 101 with Upgrade: websocket, Connection: Upgrade and a Sec-WebSocket-Accept computed from the key.",
  },
  [
    { title: "a plain handshake is accepted, and the WebSocket echoes and closes" },
    {
      title: "the key of the RFC's example gets the Sec-WebSocket-Accept of that example",
      clause: "RFC 6455 §1.3",
      gist: "Sec-WebSocket-Accept is the SHA-1 of the key and a fixed GUID, in base64.",
      key: sample.key,
      allowed: accepts(sampleAccept),
    },
    {
      title: "a key with + and / gets the Sec-WebSocket-Accept of exactly these characters",
      gist: "The key is used exactly as it was sent. It contains no escapes.",
      key: "+/+/+/+/+/+/+/+/+/+/+w==",
    },
    {
      title:
        "a key in non-canonical base64 gets the Sec-WebSocket-Accept of exactly these characters, or is refused",
      gist: "Sec-WebSocket-Accept is computed from the key as it was sent. The key must not be decoded and encoded again.",
      key: "dGhlIHNhbXBsZSBub25jZR==",
      allowed: [...accepts(), ...refuses()],
    },
    {
      title: "101 has neither a Content-Length nor a Transfer-Encoding",
      clause: "RFC 9110 §8.6, RFC 9112 §6.1",
      gist: "A 1xx response has no body, so it must not state a length.",
      allowed: accepts(without("a length", "content-length", "transfer-encoding")),
    },
    {
      title: "the 101 is an HTTP/1.1 response",
      clause: "RFC 9110 §7.8",
      gist: "HTTP/1.0 has no Upgrade.",
      allowed: accepts(version11),
    },
  ],
);

const writing = family(
  2,
  {
    ...must,
    clause: "RFC 6455 §4.2.1",
    gist: "Upgrade is compared without regard to case. Connection is a list that includes the token Upgrade, in any case.",
  },
  [
    ...[
      { words: "lower", change: (name: string) => name.toLowerCase() },
      { words: "upper", change: (name: string) => name.toUpperCase() },
      { words: "mixed", change: mixed },
    ].map(({ words, change }) => ({
      title: `header names in ${words} case are understood`,
      clause: "RFC 9110 §5.1",
      gist: "Header names are compared without regard to case.",
      changes: ({ address, key }: RequestContext) => ({
        lines: {
          Host: [`${change("Host")}: ${address.authority}`],
          Upgrade: [`${change("Upgrade")}: websocket`],
          Connection: [`${change("Connection")}: Upgrade`],
          "Sec-WebSocket-Key": [`${change("Sec-WebSocket-Key")}: ${key}`],
          "Sec-WebSocket-Version": [`${change("Sec-WebSocket-Version")}: 13`],
        },
      }),
    })),
    ...[
      { words: "nothing before", before: "", after: "" },
      { words: "spaces and tabs before", before: " \t  ", after: "" },
      { words: "spaces and tabs after", before: " ", after: "\t  " },
    ].map(({ words, before, after }) => ({
      title: `values with ${words} them are understood`,
      clause: "RFC 9112 §5.1",
      gist: "White space around a value is optional and not part of it.",
      changes: ({ address, key }: RequestContext) => ({
        lines: {
          Host: [`Host:${before}${address.authority}${after}`],
          Upgrade: [`Upgrade:${before}websocket${after}`],
          Connection: [`Connection:${before}Upgrade${after}`],
          "Sec-WebSocket-Key": [`Sec-WebSocket-Key:${before}${key}${after}`],
          "Sec-WebSocket-Version": [`Sec-WebSocket-Version:${before}13${after}`],
        },
      }),
    })),
    ...["WebSocket", "WEBSOCKET"].map((value) => ({
      title: `Upgrade: ${value} is understood`,
      changes: { lines: { Upgrade: [`Upgrade: ${value}`] } },
    })),
    ...[
      ["Connection: upgrade"],
      ["Connection: UPGRADE"],
      ["Connection: keep-alive, Upgrade"],
      ["Connection: Upgrade,keep-alive"],
      ["Connection: keep-alive\t , \tUpgrade"],
      ["Connection: keep-alive", "Connection: Upgrade"],
      ["Connection: Upgrade", "Connection: x-unknown"],
    ].map((lines) => ({
      title: `${lines.join(" and ").replaceAll("\t", "⇥")} is understood`,
      changes: { lines: { Connection: lines } },
    })),
    {
      title: "Connection: ,, Upgrade, – a list with empty elements – is understood",
      clause: "RFC 9110 §5.6.1.2",
      gist: "Empty elements of a list must be ignored.",
      changes: { lines: { Connection: ["Connection: ,, Upgrade,"] } },
    },
    {
      title: "Upgrade: h2c, websocket (a choice of two) is understood or ignored",
      clause: "RFC 9110 §7.8",
      gist: "Upgrade lists protocols in order of preference. A server may switch to one of them or to none.",
      changes: { lines: { Upgrade: ["Upgrade: h2c, websocket"] } },
      allowed: [...accepts(), ...tolerated("it does not read Upgrade as a list", refusesOrIgnores())],
    },
    {
      title: "headers in a different order, with Host last, are understood",
      gist: "The order of headers does not matter.",
      changes: ({ address }) => ({ lines: { Host: [] }, after: [`Host: ${address.authority}`] }),
    },
    {
      title: "unknown headers are ignored",
      gist: "Unknown headers are ignored.",
      changes: { after: ["X-Rosetta: 1", "Sec-WebSocket-Rosetta: 1", "Cookie: a=b; c=d"] },
    },
  ],
);

function mixed(name: string): string {
  return Array.from(name, (letter, index) =>
    index % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase(),
  ).join("");
}

// What HTTP requires of certain refusals, and few servers do.
function explained(status: number, header: string): Demand {
  return {
    words: `with ${header} if it is ${status}`,
    problem: (head) =>
      head.status === status && valuesOf(head, header.toLowerCase()).length === 0
        ? `${status} without ${header}`
        : undefined,
  };
}

const asking = family(
  3,
  {
    ...must,
    clause: "RFC 6455 §4.2.1",
    gist: "A request without Upgrade: websocket and Connection: Upgrade does not ask for a WebSocket.",
    allowed: refusesOrIgnores(["4xx", 501]),
  },
  [
    { title: "a request without Upgrade does not open a WebSocket", changes: { lines: { Upgrade: [] } } },
    {
      title: "a request without Connection does not open a WebSocket",
      changes: { lines: { Connection: [] } },
    },
    ...["h2c", "websocketx", "xwebsocket", "web socket", ""].map((value) => ({
      title: `Upgrade: ${value || "(empty)"} does not open a WebSocket`,
      changes: { lines: { Upgrade: [`Upgrade: ${value}`] } },
    })),
    ...["keep-alive", "upgraded", "no-upgrade", "keep-alive Upgrade", ""].map((value) => ({
      title: `Connection: ${value || "(empty)"} does not open a WebSocket`,
      changes: { lines: { Connection: [`Connection: ${value}`] } },
    })),
    {
      title: "a 426 response names the protocol to upgrade to",
      clause: "RFC 9110 §15.5.22",
      gist: "A server that answers 426 MUST name the required protocol in Upgrade.",
      changes: { lines: { Upgrade: [] } },
      allowed: [
        ...refusesOrIgnores(["4xx", 501], explained(426, "Upgrade")),
        ...tolerated("426 without Upgrade", refuses()),
      ],
    },
    {
      title: "Connection: close does not open a WebSocket, and the connection ends",
      clause: "RFC 6455 §4.2.1, RFC 9112 §9.6",
      gist: "A request without Connection: Upgrade does not ask for a WebSocket. After Connection: close, the response is the last.",
      changes: { lines: { Connection: ["Connection: close"] } },
      allowed: [
        ...refusesOrIgnores(["4xx", 501]).map(andCloses),
        ...tolerated(
          "it keeps the connection although the request asked to close it",
          refusesOrIgnores(["4xx", 501]),
        ),
      ],
    },
    {
      title: "Upgrade: websocket, followed by a NUL and more text, does not open a WebSocket",
      clause: "RFC 9110 §5.5",
      gist: "A NUL in a value must be refused or read as a space; the value does not end there.",
      changes: { lines: { Upgrade: ["Upgrade: websocket\0x"] } },
    },
  ],
);

const oneKey = {
  clause: "RFC 6455 §11.3.1",
  gist: "Sec-WebSocket-Key must not appear more than once.",
};

const unchecked = "it does not validate the key, which is optional";

const keys = family(
  4,
  {
    ...must,
    clause: "RFC 6455 §4.2.1",
    gist: "Sec-WebSocket-Key is 16 bytes in base64. A handshake with another key is refused, for example with 400.",
    allowed: refuses(),
  },
  [
    { title: "a handshake without a key is refused", changes: { lines: { "Sec-WebSocket-Key": [] } } },
    {
      ...oneKey,
      title: "two different keys are refused",
      changes: ({ key }) => ({
        lines: { "Sec-WebSocket-Key": [`Sec-WebSocket-Key: ${key}`, `Sec-WebSocket-Key: ${sample.key}`] },
      }),
    },
    {
      ...oneKey,
      title: "the same key twice is refused",
      changes: ({ key }) => {
        const line = `Sec-WebSocket-Key: ${key}`;
        return { lines: { "Sec-WebSocket-Key": [line, line] } };
      },
      allowed: [...refuses(), ...tolerated("it accepts a key that appears twice", accepts())],
    },
    ...[
      { words: "an empty key", key: "" },
      { words: "a key of 15 bytes", key: "AAAAAAAAAAAAAAAAAAAA" },
      { words: "a key of 17 bytes", key: "AAAAAAAAAAAAAAAAAAAAAAA=" },
      { words: "a key without its padding", key: "dGhlIHNhbXBsZSBub25jZQ" },
      { words: "a key with a character outside base64", key: "dGhlIHNhbXBsZSBub25j!Q==" },
      { words: "a key in URL-safe base64", key: "-_-_-_-_-_-_-_-_-_-_-w==" },
    ].map(({ words, key }) => ({
      title: `${words} is refused`,
      key,
      allowed: [...refuses(), ...tolerated(unchecked, accepts())],
    })),
  ],
);

/** An answer that says which version the server supports. */
const names13: Demand = {
  words: "with Sec-WebSocket-Version: 13",
  problem(head: HandshakeResponse) {
    const named = valuesOf(head, "sec-websocket-version").join().split(",");
    return named.some((each) => each.trim() === "13")
      ? undefined
      : `${head.status} without Sec-WebSocket-Version: 13 (§4.4)`;
  },
};

const versions = family(
  5,
  {
    ...must,
    clause: "RFC 6455 §4.2.2, §4.4",
    gist: "An unknown version is refused, for example with 426. A header in the response names the versions that the server knows.",
    allowed: refuses(["4xx"], names13),
  },
  [
    ...[0, 14, 255].map((version) => ({
      title: `version ${version} is refused, and the response names version 13`,
      changes: { lines: { "Sec-WebSocket-Version": [`Sec-WebSocket-Version: ${version}`] } },
    })),
    ...[8, 12].map((version) => ({
      title: `version ${version}, of a draft, is refused, and the response names version 13`,
      changes: { lines: { "Sec-WebSocket-Version": [`Sec-WebSocket-Version: ${version}`] } },
      allowed: [
        ...refuses(["4xx"], names13),
        ...told(`it also speaks version ${version}, of a draft`, accepts()),
      ],
    })),
    {
      title: "a list of two versions, 13 and 8, is refused",
      clause: "RFC 6455 §4.2.1, §4.3",
      gist: "A client sends exactly one version.",
      changes: { lines: { "Sec-WebSocket-Version": ["Sec-WebSocket-Version: 13, 8"] } },
      allowed: refuses(),
    },
    ...["", "013", "13.0", "0xd", "13x"].map((version) => ({
      title: `version ${version || "(empty)"}, which is not a valid number, is refused`,
      clause: "RFC 6455 §4.2.1, §4.3",
      gist: "The version is exactly the digits 13.",
      changes: { lines: { "Sec-WebSocket-Version": [`Sec-WebSocket-Version: ${version}`] } },
      allowed:
        version === "" ? refuses() : [...refuses(), ...tolerated(`it reads ${version} as 13`, accepts())],
    })),
    {
      title: "a handshake without a version is refused",
      clause: "RFC 6455 §4.2.1",
      gist: "A handshake must have a version.",
      changes: { lines: { "Sec-WebSocket-Version": [] } },
      allowed: refuses(),
    },
    {
      title: "the same version twice is refused",
      clause: "RFC 6455 §11.3.5",
      gist: "Sec-WebSocket-Version must not appear more than once.",
      changes: {
        lines: { "Sec-WebSocket-Version": ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"] },
      },
      allowed: [...refuses(), ...tolerated("it accepts a version that appears twice", accepts())],
    },
  ],
);

const hosts = family(
  6,
  {
    ...must,
    clause: "RFC 9112 §3.2",
    gist: "A request without Host, with two, or with an invalid one MUST be answered with 400.",
    allowed: refuses([400]),
  },
  [
    { title: "a handshake without Host is refused with 400", changes: { lines: { Host: [] } } },
    {
      title: "two different Hosts are refused with 400",
      changes: ({ address }) => ({
        lines: { Host: [`Host: ${address.authority}`, "Host: rosetta.invalid"] },
      }),
    },
    {
      title: "the same Host twice is refused with 400",
      changes: ({ address }) => ({
        lines: { Host: [`Host: ${address.authority}`, `Host: ${address.authority}`] },
      }),
    },
    {
      title: "a Host with a space in it is refused with 400",
      changes: ({ address }) => ({ lines: { Host: [`Host: ${address.authority} x`] } }),
    },
    {
      title: "a Host with a path is refused with 400",
      changes: ({ address }) => ({ lines: { Host: [`Host: ${address.authority}/x`] } }),
    },
    {
      title: "an empty Host is refused, or the server does not check it",
      gist: "Host may be empty if the target has no authority. A WebSocket URL always has one.",
      ...may,
      changes: { lines: { Host: ["Host:"] } },
      allowed: [...refuses(), ...told("it accepts an empty Host", accepts())],
    },
  ],
);

const methods = ["POST", "HEAD", "OPTIONS", "get"];

// Targets that no GET may have: RFC 9112 §3.2.
const targets = [
  { words: "* (only for OPTIONS)", of: () => "*" },
  { words: "an authority (only for CONNECT)", of: ({ authority }: Address) => authority },
  { words: "a fragment", of: ({ path }: Address) => `${path}#x` },
  { words: "a space", of: ({ path }: Address) => `${path} x` },
];

const requestLine = family(
  7,
  {
    ...must,
    clause: "RFC 6455 §4.2.1",
    gist: "A handshake is a GET request in HTTP/1.1 or higher.",
  },
  [
    ...methods.map((method) => ({
      title: `${method} does not open a WebSocket`,
      // 10.7.17 judges whether its answer has a body.
      ...(method === "HEAD" && { fate: "untold" as const }),
      changes: { requestLine: ({ path }: Address) => `${method} ${path} HTTP/1.1` },
      allowed: refusesOrIgnores(["4xx", 501]),
    })),
    {
      title: "a 405 response names the allowed methods",
      clause: "RFC 9110 §15.5.6",
      gist: "A server that answers 405 MUST list its methods in Allow.",
      changes: { requestLine: ({ path }) => `POST ${path} HTTP/1.1` },
      allowed: [
        ...refusesOrIgnores(["4xx", 501], explained(405, "Allow")),
        ...tolerated("405 without Allow", refuses()),
      ],
    },
    ...["HTTP/1.0", "HTTP/0.9"].map((version) => ({
      title: `a request in ${version} does not open a WebSocket`,
      changes: { requestLine: ({ path }: Address) => `GET ${path} ${version}` },
      allowed: refusesOrIgnores(["4xx", 505]),
    })),
    {
      title: "a request line without a version, as in HTTP/0.9, does not open a WebSocket",
      changes: { requestLine: ({ path }) => `GET ${path}` },
      allowed: refusesOrIgnores(["4xx", 505]),
    },
    {
      title: "a version written http/1.1 is refused",
      clause: "RFC 9112 §2.3, §3",
      gist: "HTTP is written in capitals. An invalid request line SHOULD be answered with 400.",
      ...should,
      changes: { requestLine: ({ path }) => `GET ${path} http/1.1` },
      allowed: [...refuses(["4xx", 505]), ...tolerated("it reads http as HTTP", accepts())],
    },
    {
      title: "a handshake in HTTP/1.2 is read as HTTP/1.1",
      clause: "RFC 9110 §2.5",
      gist: "A higher minor version SHOULD be processed as the highest minor version that the server knows.",
      ...should,
      changes: { requestLine: ({ path }) => `GET ${path} HTTP/1.2` },
      allowed: [...accepts(), ...tolerated("it refuses a minor version it does not know", refuses())],
    },
    {
      title: "the absolute form of the target, http://host/path, is understood",
      clause: "RFC 9112 §3.2.2, RFC 6455 §4.1",
      gist: "A server MUST accept the absolute form in requests.",
      changes: {
        requestLine: ({ path, authority, secure }) =>
          `GET ${secure ? "https" : "http"}://${authority}${path} HTTP/1.1`,
      },
    },
    ...targets.map(({ words, of }) => ({
      title: `a target with ${words} is refused`,
      clause: "RFC 9112 §3, §3.2",
      gist: "An invalid request line SHOULD be answered with 400.",
      ...should,
      changes: {
        requestLine: (address: Address) => `GET ${of(address)} HTTP/1.1`,
      },
      allowed: [
        ...refusesOrIgnores(["4xx", 505]),
        ...tolerated("it accepts a target that is invalid for GET", accepts()),
      ],
    })),
    {
      title: "the preface of HTTP/2 is refused, or understood",
      clause: "RFC 9113 §3.4",
      gist: "An HTTP/1.1 server sees an unknown method. An HTTP/2 server answers with SETTINGS.",
      request: preface,
      allowed: [
        ...refuses(["4xx", 501, 505]),
        {
          verdict: "info" as const,
          answer: "dropped" as const,
          because: "it closes the connection without an answer",
        },
        { verdict: "info" as const, answer: "http2" as const, because: "it speaks HTTP/2 on this port" },
      ],
    },
    {
      title: "the answer to HEAD has no body",
      clause: "RFC 9110 §9.3.2",
      gist: "A server MUST NOT send content in the response to HEAD, because the client would read it as the next response.",
      changes: { requestLine: ({ path }) => `HEAD ${path} HTTP/1.1` },
      allowed: [...refusesOrIgnores(["4xx", 501]), ...accepts()],
    },
  ],
);

// RFC 9113 §3.4: 24 bytes, then a SETTINGS frame, here an empty one.
function preface(): string {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
}

const lines = family(
  8,
  {
    ...must,
    clause: "RFC 9112 §2.2, §5",
    gist: "An invalid request SHOULD be answered with 400. Attackers exploit servers that read its lines in different ways.",
    allowed: refuses(),
  },
  [
    {
      title: "an empty line before the request line is ignored",
      clause: "RFC 9112 §2.2",
      gist: "A server SHOULD ignore at least one empty line before the request line.",
      ...should,
      changes: { prefix: "\r\n" },
      allowed: [...accepts(), ...tolerated("it refuses an empty line before the request", refuses())],
    },
    {
      title: "a space between a header's name and its colon is refused with 400",
      clause: "RFC 9112 §5.1",
      gist: "A request with white space before a colon MUST be answered with 400.",
      changes: { after: ["X-Rosetta : 1"] },
      allowed: refuses([400]),
    },
    {
      title: "a key that is folded into a second line is joined or refused",
      clause: "RFC 9112 §5.2",
      gist: "A folded line MUST be answered with 400, or each fold must be read as spaces.",
      changes: ({ key }) => ({ lines: { "Sec-WebSocket-Key": ["Sec-WebSocket-Key:", ` ${key}`] } }),
      allowed: [...refuses(), ...accepts()],
    },
    {
      title: "a Connection token that is folded into a second line is joined or refused",
      clause: "RFC 9112 §5.2",
      gist: "A folded line MUST be answered with 400, or each fold must be read as spaces.",
      changes: { lines: { Connection: ["Connection: keep-alive,", "\tUpgrade"] } },
      allowed: [...refuses(), ...accepts()],
    },
    {
      title: "a line that begins with a space right after the request line is refused, or ignored",
      clause: "RFC 9112 §2.2",
      gist: "Before the first header, lines that begin with white space MUST be refused or dropped.",
      changes: { before: [" Sec-WebSocket-Version: 13"], lines: { "Sec-WebSocket-Version": [] } },
    },
    {
      title: "lines that end with LF only are refused, or understood",
      clause: "RFC 9112 §2.2",
      gist: "A single LF MAY be recognized as the end of a line.",
      ...may,
      changes: { newline: "\n" },
      allowed: [...refuses(["4xx", 505]), ...told("it accepts LF as the end of a line", accepts())],
    },
    {
      title: "a line without a colon is refused",
      ...should,
      changes: { after: ["X-Rosetta"] },
      allowed: [...refuses(), ...tolerated("it accepts a line that is not a header", accepts())],
    },
    {
      title: "a header without a name is refused",
      ...should,
      changes: { after: [": 1"] },
      allowed: [...refuses(), ...tolerated("it accepts a header without a name", accepts())],
    },
    {
      title: "a space within a header's name is refused",
      ...should,
      changes: { after: ["X Rosetta: 1"] },
      allowed: [...refuses(), ...tolerated("it accepts a name with a space", accepts())],
    },
    ...[
      { words: "NUL", byte: "\0" },
      { words: "CR", byte: "\r" },
    ].map(({ words, byte }) => ({
      title: `a ${words} in a value is refused, or read as a space`,
      clause: "RFC 9110 §5.5",
      gist: "CR, LF and NUL in a value MUST be refused or replaced by a space.",
      changes: { after: [`X-Rosetta: a${byte}b`] },
      allowed: [
        ...refuses(),
        ...tolerated(
          `it accepts a ${words} in a value; the response does not show how it reads it`,
          accepts(),
        ),
      ],
    })),
    {
      title: "another control character in a value is refused, or kept",
      clause: "RFC 9110 §5.5",
      gist: "Other control characters are invalid, but a server may keep them where that is safe.",
      ...may,
      changes: { after: ["X-Rosetta: a\x01b"] },
      allowed: [...refuses(), ...told("it keeps control characters", accepts())],
    },
    {
      title: "bytes beyond ASCII in an unused header value are ignored",
      clause: "RFC 9110 §5.5",
      gist: "Bytes of 0x80 to 0xFF SHOULD be treated as opaque.",
      ...should,
      changes: { after: ["X-Rosetta: \xe9\xff\x80"] },
      allowed: [...accepts(), ...tolerated("it refuses bytes beyond ASCII", refuses())],
    },
  ],
);

// No rule sets a limit. What counts is that the server has one, or copes.
function bounded(...statuses: readonly number[]): AllowedAnswer[] {
  return [
    ...refuses(statuses.length > 0 ? statuses : ["4xx"]),
    { verdict: "info", answer: "dropped", because: "it closes the connection without an answer" },
    ...told("it accepts this much", accepts()),
  ];
}

// More headers than Node keeps, and few enough to stay below its size limit.
const many = 1_500;

const sizes = family(
  9,
  {
    ...may,
    clause: "RFC 9110 §5.4, RFC 6585 §5",
    gist: "A server answers a request that is too large with 431 or another 4xx. It survives the request.",
    allowed: bounded(),
  },
  [
    {
      title: "a header of 100 KiB is refused or accepted",
      changes: { after: [`X-Rosetta: ${"x".repeat(100 * 1024)}`] },
    },
    {
      title: "a header name of 100 KiB is refused or accepted",
      changes: { after: [`${"x".repeat(100 * 1024)}: 1`] },
    },
    {
      title: `${many.toLocaleString("en")} headers after the required ones are refused or accepted`,
      changes: { after: Array.from({ length: many }, () => "x:1") },
    },
    {
      title: `${many.toLocaleString("en")} headers before the required ones are refused or accepted (CVE-2024-37890)`,
      gist: "A server that stops reading headers misses the required ones. It must not continue without them.",
      changes: { before: Array.from({ length: many }, () => "x:1") },
    },
    {
      title: "a target of 100 KiB is refused or accepted",
      clause: "RFC 9112 §3",
      gist: "A target that is longer than the server accepts is answered with 414.",
      changes: { requestLine: ({ path }) => `GET ${padded(path, 100 * 1024)} HTTP/1.1` },
    },
    {
      title: "a request line of 8,000 bytes is understood",
      ...should,
      clause: "RFC 9112 §3",
      gist: "It is RECOMMENDED to support request lines of at least 8,000 bytes.",
      changes: { requestLine: ({ path }) => `GET ${padded(path, 8_000 - 13)} HTTP/1.1` },
      allowed: [...accepts(), ...tolerated("it refuses a request line of 8,000 bytes", refuses())],
    },
  ],
);

function padded(path: string, length: number): string {
  return `${path}${path.includes("?") ? "&" : "?"}pad=`.padEnd(length, "x");
}

const smuggled = String.fromCharCode(0x81, 0x85, 0, 0, 0, 0, ...Buffer.from("trick"));
const eitherWay = [...accepts(), ...refuses(["4xx", 501])];

const noEnd = {
  clause: "RFC 9112 §6.3",
  gist: "The end of the body is unknown. The server answers with 400 and MUST close the connection.",
};

const bodies = family(
  10,
  {
    ...must,
    clause: "RFC 9112 §6",
    gist: "A body belongs to its request even if nobody needs it. The server must not read it as frames.",
  },
  [
    {
      title: "a body that looks like a frame is not read as one",
      changes: { after: [`Content-Length: ${smuggled.length}`], body: smuggled },
      allowed: eitherWay,
    },
    {
      title: "a chunked body that looks like a frame is not read as one",
      changes: {
        after: ["Transfer-Encoding: chunked"],
        body: `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
      },
      allowed: eitherWay,
    },
    {
      title: "Content-Length: 0 changes nothing",
      changes: { after: ["Content-Length: 0"] },
      allowed: [...accepts(), ...tolerated("it refuses an empty body", refuses())],
    },
    {
      title: "Content-Length and Transfer-Encoding in one request are refused, and the connection ends",
      clause: "RFC 9112 §6.1",
      gist: "Such a request may be an attack. Whatever the response, the connection MUST be closed after it.",
      changes: { after: ["Content-Length: 5", "Transfer-Encoding: chunked"], body: "0\r\n\r\n" },
      allowed: refuses(["4xx"]).map(andCloses),
    },
    {
      ...noEnd,
      title: "two different Content-Lengths are refused with 400, and the connection ends",
      changes: { after: ["Content-Length: 5", "Content-Length: 0"], body: "trick" },
      allowed: refuses([400]).map(andCloses),
    },
    {
      ...noEnd,
      title: "a Content-Length that is not a number is refused with 400, and the connection ends",
      changes: { after: ["Content-Length: +0"] },
      allowed: refuses([400]).map(andCloses),
    },
  ],
);

const early = [frame.text("early")];
const losesIt = "it loses data that came before its answer, which a client must not send";
// Here the client breaks a rule, and the report says what the server does about it.
const tooEarly = {
  ...may,
  clause: "RFC 6455 §4.1",
  gist: "A client MUST wait for the answer before it sends anything else. The RFC does not say what a server does with early data.",
  allowed: [
    ...accepts(),
    ...told("it refuses data before its answer", refuses(["4xx"])).map((each) => ({
      ...each,
      verdict: "info" as const,
    })),
    ...told(losesIt, accepts()).map((each) => ({ ...each, mayLose: true as const })),
  ],
};

const delivery = family(
  11,
  {
    ...must,
    clause: "RFC 9112 §2.2, §9",
    gist: "TCP carries a stream and may split it anywhere.",
  },
  [
    { title: "a handshake of one byte at a time is accepted", cuts: 1 },
    ...[
      { words: "within the last line's end", cuts: [-3] },
      { words: "before the empty line", cuts: [-2] },
      { words: "within the empty line", cuts: [-1] },
    ].map(({ words, cuts }) => ({ title: `a handshake cut ${words} is accepted`, cuts })),
    ...[
      {
        title:
          "a message in the same segment as the handshake comes back, or the report says what became of it",
        cuts: undefined,
      },
      {
        title:
          "a message right after the handshake, before the answer, comes back, or the report says what became of it",
        cuts: [0],
      },
      {
        title:
          "a message cut within its header, with its start in the segment of the handshake, comes back, or the report says what became of it",
        cuts: [3],
      },
      {
        title:
          "a message cut after its header, with its start in the segment of the handshake, comes back, or the report says what became of it",
        cuts: [6],
      },
      {
        title:
          "a message after the handshake, both byte by byte, comes back, or the report says what became of it",
        cuts: 1,
      },
    ].map(({ title, cuts }) => ({
      ...tooEarly,
      title,
      frames: early,
      ...(cuts !== undefined && { cuts }),
    })),
    {
      ...tooEarly,
      title:
        "three messages in the same segment as the handshake come back, or the report says what became of them",
      frames: [frame.text("one"), frame.text("two"), frame.text("three")],
    },
  ],
);

const noSubprotocol = without("a subprotocol", "sec-websocket-protocol");
const ungrammatical = "it does not check the syntax of subprotocols";

/** Allows the server to refuse a client with which it has no subprotocol in common. */
function declinesAll(): AllowedAnswer[] {
  return [
    ...accepts(noSubprotocol),
    ...refuses(),
    ...tolerated("it accepts a subprotocol that it cannot know", accepts()),
  ];
}

const subprotocols = family(
  12,
  {
    ...must,
    clause: "RFC 6455 §4.2.2",
    gist: "The server selects one of the offered subprotocols that it speaks, or none.",
  },
  [
    {
      title: "an unknown subprotocol is not selected",
      subprotocols: ["rosetta.unknown"],
      changes: { after: ["Sec-WebSocket-Protocol: rosetta.unknown"] },
      allowed: declinesAll(),
    },
    {
      title: "of three subprotocols in one line, at most one is selected",
      subprotocols: ["rosetta.one", "rosetta.two", "rosetta.three"],
      changes: { after: ["Sec-WebSocket-Protocol: rosetta.one, rosetta.two, rosetta.three"] },
      allowed: declinesAll(),
    },
    {
      title: "of two subprotocols in two lines, at most one is selected",
      clause: "RFC 6455 §11.3.4",
      gist: "Sec-WebSocket-Protocol may appear several times, which means the same as one list.",
      subprotocols: ["rosetta.one", "rosetta.two"],
      changes: { after: ["Sec-WebSocket-Protocol: rosetta.one", "Sec-WebSocket-Protocol: rosetta.two"] },
      allowed: declinesAll(),
    },
    ...[
      { words: "an empty list of subprotocols", value: "" },
      { words: "a subprotocol with a space", value: "a b" },
      { words: "a subprotocol with a slash", value: "a/b" },
      { words: "a subprotocol in quotes", value: '"a"' },
      { words: "a subprotocol beyond ASCII", value: "\xe4" },
    ].map(({ words, value }) => ({
      title: `${words} is refused, or nothing is selected`,
      clause: "RFC 6455 §4.1, §4.2.1",
      gist: "Subprotocols are tokens. A server that notices invalid syntax refuses the handshake.",
      subprotocols: [value],
      changes: { after: [`Sec-WebSocket-Protocol: ${value}`] },
      allowed: [...refuses(), ...tolerated(ungrammatical, accepts(noSubprotocol))],
    })),
    {
      title: "the same subprotocol twice is refused, or nothing is selected",
      clause: "RFC 6455 §4.1",
      gist: "The subprotocols MUST all be different.",
      subprotocols: ["rosetta.one"],
      changes: { after: ["Sec-WebSocket-Protocol: rosetta.one, rosetta.one"] },
      allowed: [...refuses(), ...tolerated(ungrammatical, accepts())],
    },
    {
      title:
        "a list of subprotocols with 15,000 spaces is answered as fast as one with 15,000 letters (CVE-2021-32640)",
      clause: "RFC 9110 §5.4",
      gist: "The time to read a header must not grow with the square of its length.",
      ...should,
      // The case must not keep others waiting, nor be kept waiting by them.
      heavy: true,
      subprotocols: [`a${" ".repeat(15_000)}b`],
      changes: { after: [`Sec-WebSocket-Protocol: a${" ".repeat(15_000)}b`] },
      rival: (context) => handshake(context, { after: [`Sec-WebSocket-Protocol: a${"x".repeat(15_000)}b`] }),
      allowed: [...bounded(), ...accepts(noSubprotocol)],
    },
  ],
);

const noExtension = without("an extension", "sec-websocket-extensions");
const declines = [
  ...accepts(noExtension),
  ...tolerated("it refuses the handshake, although it could decline only the offer", refuses()),
];

// Property names that every object has.
const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty"];

const malformedOffers = [
  { words: "nothing but a semicolon", value: ";" },
  { words: "a semicolon and nothing after it", value: "permessage-deflate;" },
  { words: "a parameter without its value", value: "permessage-deflate; client_max_window_bits=" },
  { words: "two names without a comma", value: "permessage-deflate x-rosetta" },
  { words: "a quoted value without its end", value: 'permessage-deflate; client_max_window_bits="10' },
  { words: "a quoted value that is not a token", value: 'permessage-deflate; client_max_window_bits="1 0"' },
  { words: "a name in quotes", value: '"permessage-deflate"' },
];

const extensions = family(
  13,
  {
    ...must,
    clause: "RFC 6455 §9.1",
    gist: "The server accepts offered extensions that it knows. It declines the others by leaving them out of its answer.",
    allowed: declines,
  },
  [
    {
      title: "an unknown extension is declined",
      offer: "x-rosetta",
      changes: { after: ["Sec-WebSocket-Extensions: x-rosetta"] },
    },
    {
      title: "unknown extensions with parameters, in two lines, are declined",
      offer: "x-rosetta; a=1; b, y-rosetta",
      changes: {
        after: ["Sec-WebSocket-Extensions: x-rosetta; a=1; b", "Sec-WebSocket-Extensions: y-rosetta"],
      },
    },
    {
      title: "a quoted parameter value is understood",
      gist: "The value of a parameter may be a quoted token.",
      offer: 'x-rosetta; a="b"',
      changes: { after: ['Sec-WebSocket-Extensions: x-rosetta; a="b"'] },
    },
    ...inherited.map((name) => ({
      title: `an extension named ${name} is declined`,
      gist: "A server must look up a name among its own extensions, not among the properties that every object inherits.",
      offer: name,
      changes: { after: [`Sec-WebSocket-Extensions: ${name}`] },
    })),
    {
      title: "parameters named __proto__ and constructor are declined",
      gist: "A server must look up a name among its own extensions, not among the properties that every object inherits.",
      offer: "permessage-deflate; __proto__=1; constructor",
      changes: { after: ["Sec-WebSocket-Extensions: permessage-deflate; __proto__=1; constructor"] },
      allowed: [...accepts(noExtension), ...refuses()],
    },
    ...malformedOffers.map(({ words, value }) => ({
      title: `an offer with ${words} is refused`,
      gist: "An offer that does not fit the grammar MUST fail the connection.",
      offer: value,
      changes: { after: [`Sec-WebSocket-Extensions: ${value}`] },
      allowed: [
        ...refuses(),
        ...tolerated("it does not check the syntax of extensions that it declines", accepts(noExtension)),
      ],
    })),
  ],
);

/** The opening handshake, as the server's answer shows it. */
export const opening: readonly OpeningCase[] = [
  ...answer,
  ...writing,
  ...asking,
  ...keys,
  ...versions,
  ...hosts,
  ...requestLine,
  ...lines,
  ...sizes,
  ...bodies,
  ...delivery,
  ...subprotocols,
  ...extensions,
];
