import type { AnswerCase, ClientRequest } from "../model/answer-case.ts";
import type { Judgement } from "../model/verdict.ts";
import {
  type Common,
  echoes,
  fails,
  frame,
  lenient,
  numbered,
  send,
  settle,
  text,
} from "../model/writing.ts";
import {
  type AnswerLines,
  accept,
  afterAnswer,
  connection,
  head,
  hello,
  mustFail,
  mustOpen,
  opened,
  right,
  statusLine,
  unopened,
  upgrade,
} from "./write-answer.ts";

// A family of answers to one clause.
interface Answer extends Partial<Common> {
  title: string;
  lines: AnswerLines;
  /** Default: the client must fail the connection. */
  takes?: true;
  play?: AnswerCase["play"];
  cuts?: NonNullable<AnswerCase["cuts"]>;
  /** True if the empty line that ends the head does not come. */
  unfinished?: true;
}

function family(id: string, about: Omit<Common, "level">, answers: readonly Answer[]): AnswerCase[] {
  return numbered(
    id,
    answers.map(({ lines, takes, unfinished, ...rest }) => ({
      ...(takes ? mustOpen : mustFail),
      ...about,
      answer: unfinished ? (request: ClientRequest) => lines(request).join("\r\n") : head(lines),
      ...rest,
    })),
  );
}

const proof = family(
  "11.1",
  {
    clause: "RFC 6455 §4.1",
    gist: "Sec-WebSocket-Accept proves that the server read the key; any other value, or none, fails the connection.",
  },
  [
    { title: "the right answer opens the connection", lines: right, takes: true },
    {
      title: "an answer without Sec-WebSocket-Accept fails the connection",
      lines: () => [statusLine, upgrade, connection],
    },
    {
      title: "an empty Sec-WebSocket-Accept fails the connection",
      lines: () => [statusLine, upgrade, connection, "Sec-WebSocket-Accept:"],
    },
    {
      title: "the Sec-WebSocket-Accept of another key fails the connection",
      lines: () => [statusLine, upgrade, connection, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    },
    {
      title: "the right Sec-WebSocket-Accept with extra characters after it fails the connection",
      lines: (request) => [statusLine, upgrade, connection, `${accept(request)}A`],
    },
    {
      title: "a Sec-WebSocket-Accept that differs only in upper and lower case fails the connection",
      lines: (request) => [
        statusLine,
        upgrade,
        connection,
        `Sec-WebSocket-Accept: ${swapCase(request.accept)}`,
      ],
    },
    {
      title: "a correct Sec-WebSocket-Accept followed by a wrong one fails the connection",
      lines: (request) => [...right(request), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    },
    {
      title: "the right Sec-WebSocket-Accept twice is refused or understood",
      clause: "RFC 6455 §11.3.3",
      gist: "The header MUST NOT appear more than once. This rule binds the server.",
      lines: (request) => [...right(request), accept(request)],
      play: afterAnswer([...unopened, ...lenient("it accepts the proof twice", opened)], hello, settle),
    },
    {
      title: "spaces and tabs around Sec-WebSocket-Accept are ignored",
      lines: ({ accept: value }) => [statusLine, upgrade, connection, `Sec-WebSocket-Accept: \t ${value} \t`],
      takes: true,
    },
  ],
);

const upgrading = family(
  "11.2",
  {
    clause: "RFC 6455 §4.1",
    gist: "Upgrade must be websocket and Connection must contain the token Upgrade, both in any case.",
  },
  [
    {
      title: "an answer without Upgrade fails the connection",
      lines: (request) => [statusLine, connection, accept(request)],
    },
    {
      title: "an Upgrade to something else fails the connection",
      lines: (request) => [statusLine, "Upgrade: h2c", connection, accept(request)],
    },
    {
      title: "an Upgrade to something that only begins with websocket fails the connection",
      lines: (request) => [statusLine, "Upgrade: websockets", connection, accept(request)],
    },
    {
      title: "an answer without Connection fails the connection",
      lines: (request) => [statusLine, upgrade, accept(request)],
    },
    {
      title: "a Connection without the token Upgrade fails the connection",
      lines: (request) => [statusLine, upgrade, "Connection: keep-alive", accept(request)],
    },
    {
      title: "the token Upgrade is found among others in Connection",
      lines: (request) => [statusLine, upgrade, "Connection: keep-alive, Upgrade", accept(request)],
      takes: true,
    },
    {
      title: "the values of Upgrade and Connection are understood in any case",
      lines: (request) => [statusLine, "Upgrade: WEBsocket", "Connection: uPGRADE", accept(request)],
      takes: true,
    },
    {
      title: "header names are understood in any case",
      clause: "RFC 9110 §5.1",
      gist: "Header names are not case-sensitive.",
      lines: ({ accept: value }) => [
        statusLine,
        "UPGRADE: websocket",
        "connection: Upgrade",
        `sec-websocket-ACCEPT: ${value}`,
      ],
      takes: true,
    },
  ],
);

// The answer lacks only the status. In HTTP the bytes after it are its body; to a client that looks no further they
// are a frame.
const statuses = [
  { status: "200 OK", words: "200" },
  { status: "204 No Content", words: "204" },
  { status: "302 Found", words: "302 (a redirect)" },
  { status: "401 Unauthorized", words: "401" },
  { status: "404 Not Found", words: "404" },
  { status: "503 Service Unavailable", words: "503" },
];

const refused = family(
  "11.3",
  {
    clause: "RFC 6455 §4.1",
    gist: "Any status other than 101 is an ordinary HTTP response and opens no WebSocket.",
  },
  statuses.map(({ status, words }) => ({
    title: `a status of ${words} opens no WebSocket, even with all headers of a 101`,
    lines: (request: ClientRequest) => [
      ...right(request).with(0, `HTTP/1.1 ${status}`),
      ...(status.startsWith("302") ? ["Location: /moved"] : []),
      ...(status.startsWith("401") ? ['WWW-Authenticate: Basic realm="none"'] : []),
      ...(status.startsWith("204") ? [] : ["Content-Length: 7"]),
    ],
    play: afterAnswer(unopened, hello, { kind: "end" }),
  })),
);

const unasked = family(
  "11.4",
  {
    clause: "RFC 6455 §4.1",
    gist: "An extension or a subprotocol that the client did not ask for fails the connection.",
  },
  [
    {
      title: "an extension that nobody offered fails the connection",
      lines: (request) => [...right(request), "Sec-WebSocket-Extensions: x-nobody-offered"],
    },
    {
      title: "a subprotocol that nobody offered fails the connection",
      lines: (request) => [...right(request), "Sec-WebSocket-Protocol: chat"],
    },
  ],
);

// A client that offered permessage-deflate must accept none of these.
const badParameters = [
  { extension: "permessage-deflate; x_unknown", words: "a parameter that does not exist" },
  { extension: "permessage-deflate; server_no_context_takeover=1", words: "a value where none belongs" },
  {
    extension: "permessage-deflate; server_max_window_bits",
    words: "server_max_window_bits without a value",
  },
  { extension: "permessage-deflate; server_max_window_bits=7", words: "a window of 7 bits" },
  { extension: "permessage-deflate; server_max_window_bits=16", words: "a window of 16 bits" },
  { extension: "permessage-deflate; server_max_window_bits=010", words: "a number with a leading zero" },
  { extension: "permessage-deflate; client_max_window_bits=x", words: "a value that is not a number" },
  {
    extension: "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    words: "one parameter given twice",
  },
];

const parameters: AnswerCase[] = numbered(
  "11.5",
  badParameters.map(({ extension, words }) => ({
    ...mustFail,
    title: `an answer that accepts permessage-deflate with ${words} fails the connection`,
    clause: "RFC 7692 §7.1",
    gist: "A client fails the connection if a parameter is undefined, appears twice or has an invalid value.",
    answer: (request: ClientRequest) =>
      request.offer.includes("permessage-deflate")
        ? head(() => [...right(request), `Sec-WebSocket-Extensions: ${extension}`])(request)
        : undefined,
  })),
);

const http = family("11.6", { clause: "RFC 9112 §2", gist: "The answer is an HTTP/1.1 message." }, [
  {
    title: "an answer that comes one byte at a time opens the connection",
    clause: "RFC 9112 §2.2",
    gist: "An HTTP message is a sequence of bytes. TCP may split it anywhere.",
    lines: right,
    cuts: 1,
    takes: true,
  },
  {
    title: "a message in the same TCP segment as the end of the answer is read",
    clause: "RFC 6455 §4.2.2",
    gist: "The server may send frames right after its answer. TCP may deliver both at once.",
    lines: right,
    cuts: "joined",
    takes: true,
  },
  {
    title: "an answer with another reason phrase opens the connection",
    level: "SHOULD",
    clause: "RFC 9112 §4",
    gist: "A client SHOULD ignore the reason phrase.",
    lines: (request) => right(request).with(0, "HTTP/1.1 101 Web Socket Protocol Handshake"),
    takes: true,
  },
  {
    title: "an answer with an empty reason phrase opens the connection",
    clause: "RFC 9112 §4",
    gist: "The reason phrase may be empty, but the space before it stays.",
    lines: (request) => right(request).with(0, "HTTP/1.1 101 "),
    takes: true,
  },
  {
    title: "an interim 103 response is skipped",
    clause: "RFC 9110 §15.2",
    gist: "A client MUST be able to parse interim responses before the final one, even if it expects none.",
    lines: (request) => [
      "HTTP/1.1 103 Early Hints",
      "Link: </style.css>; rel=preload",
      "",
      ...right(request),
    ],
    takes: true,
  },
  {
    title: "a Content-Length in a 101 does not turn the frames into a body",
    clause: "RFC 9112 §6.3",
    gist: "A 1xx response ends with the empty line after its headers, whatever the headers say.",
    lines: (request) => [...right(request), "Content-Length: 7"],
    play: afterAnswer([...opened, ...lenient("it refuses a 101 with a Content-Length", unopened)], hello),
    takes: true,
  },
  {
    title: "plain text after a 101 is not a frame and fails the connection",
    clause: "RFC 6455 §5.2",
    gist: "Only frames may follow the answer. `hello …` would be a close frame of 101 bytes with reserved bits.",
    lines: right,
    play: afterAnswer(
      [...fails(1002), ...unopened],
      // As long as it claims to be, because a client may decode a frame only when all of it is there.
      { kind: "bytes", bytes: new TextEncoder().encode("hello".padEnd(103, ".")), what: "a body" },
      settle,
    ),
  },
  {
    title: "a 101 of HTTP/1.0 is refused",
    level: "MAY",
    clause: "RFC 9110 §15.2",
    gist: "HTTP/1.0 has no 1xx and no Upgrade. RFC 6455 does not say how a client should react.",
    lines: (request) => right(request).with(0, "HTTP/1.0 101 Switching Protocols"),
    play: afterAnswer([...unopened, ...lenient("it accepts a 101 of HTTP/1.0", opened)], hello, settle),
  },
  {
    title: "an answer that is not HTTP fails the connection",
    lines: () => ["SSH-2.0-OpenSSH_10.2"],
  },
  {
    title: "an answer that is cut off by the end of the TCP connection fails the WebSocket connection",
    clause: "RFC 9112 §8",
    gist: "A message with an incomplete header section cannot be used.",
    lines: right,
    unfinished: true,
    play: afterAnswer(unopened, { kind: "end" }),
  },
  {
    title: "a header of 4 MiB is not read to its end",
    level: "SHOULD",
    clause: "RFC 6455 §10.4",
    gist: "A client should limit what it reads. A head without a limit fills its memory.",
    lines: (request) => [...right(request), `X-Long: ${"a".repeat(4 * 1024 * 1024)}`],
    play: afterAnswer([...unopened, ...lenient("it accepts a head of 4 MiB", opened)], hello, settle),
  },
]);

function verdictOn(problem: string | undefined): Judgement {
  return problem === undefined ? { verdict: "pass" } : { verdict: "fail", why: problem };
}

function values({ headers }: ClientRequest, name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}

function tokens(request: ClientRequest, name: string): string[] {
  return values(request, name)
    .join()
    .split(",")
    .map((token) => token.trim().toLowerCase());
}

const requests: Pick<AnswerCase, "title" | "inspect">[] = [
  {
    title: "the request is an HTTP/1.1 GET with one Host header",
    inspect: (request) => {
      if (request.method !== "GET") return verdictOn(`the method is ${request.method}`);
      if (request.httpVersion !== "1.1") return verdictOn(`it is HTTP/${request.httpVersion}`);
      const hosts = values(request, "host");
      return verdictOn(hosts.length === 1 ? undefined : `Host appears ${hosts.length} times`);
    },
  },
  {
    title: "the request says Upgrade: websocket, and Connection: Upgrade",
    inspect: (request) => {
      if (!tokens(request, "upgrade").includes("websocket")) return verdictOn("Upgrade lacks websocket");
      return verdictOn(
        tokens(request, "connection").includes("upgrade") ? undefined : "Connection lacks Upgrade",
      );
    },
  },
  {
    title: "the request has one Sec-WebSocket-Key, 16 bytes in base64",
    inspect: (request) => {
      const keys = values(request, "sec-websocket-key");
      const [key = ""] = keys;
      if (keys.length !== 1) return verdictOn(`there are ${keys.length} keys`);
      return verdictOn(/^[A-Za-z\d+/]{21}[AQgw]==$/.test(key) ? undefined : `the key is "${key}"`);
    },
  },
  {
    title: "the request has one Sec-WebSocket-Version, of 13",
    inspect: (request) => {
      const versions = values(request, "sec-websocket-version");
      return verdictOn(versions.join() === "13" ? undefined : `the version is "${versions.join()}"`);
    },
  },
  {
    title: "the request has a new key for each connection",
    inspect: (request) => {
      if (request.earlierKeys.size === 0)
        return { verdict: "info", why: "nothing to compare with: it was the client's first connection" };
      const [key = ""] = values(request, "sec-websocket-key");
      return verdictOn(request.earlierKeys.has(key) ? `the key "${key}" was used before` : undefined);
    },
  },
];

const requesting: AnswerCase[] = numbered(
  "11.7",
  requests.map((each) => ({
    ...mustOpen,
    ...each,
    clause: "RFC 6455 §4.1",
    gist: "The request must have these headers, with a key chosen at random for each connection.",
    answer: head(right),
  })),
);

const masking: AnswerCase[] = [
  {
    ...mustOpen,
    id: "11.8.1",
    title: "the masking keys of 32 echoes cannot be predicted from one another",
    clause: "RFC 6455 §5.3",
    gist: "A client picks a new, unpredictable key for each frame.",
    answer: head(right),
    play: () => {
      const words = Array.from({ length: 32 }, (_, index) => `message ${index}`);
      const allowed = echoes(...words.map(text)).map((each) => ({ ...each, keys: "unpredictable" as const }));
      return { steps: [send(...words.map((each) => frame.text(each)))], allowed };
    },
  },
];

/** A client's opening handshake: its request, how it takes answers, and its masking keys. */
export const answers: readonly AnswerCase[] = [
  ...proof,
  ...upgrading,
  ...refused,
  ...unasked,
  ...parameters,
  ...http,
  ...requesting,
  ...masking,
];

function swapCase(words: string): string {
  return words.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
