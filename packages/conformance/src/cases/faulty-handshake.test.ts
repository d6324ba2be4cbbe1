// Tests the judge of the opening handshake: each fault fails the case that is about it.

import { expect, test } from "vitest";
import { worst } from "../judge/judgement.ts";
import type { OpeningCase } from "../model/opening-case.ts";
import { random } from "../model/random.ts";
import type { Result } from "../model/result.ts";
import type { Verdict } from "../model/verdict.ts";
import { judgeServer } from "../run/server-case.ts";
import { runConformance } from "../run/server-run.ts";
import {
  type HandshakeFlaws,
  type HandshakeRefusal,
  type HandshakeRequest,
  handshakeOf,
  headerOf,
  list,
  values,
} from "../testing/faulty-handshake.ts";
import { acceptOf, type Rules, startServer } from "../testing/faulty-server.ts";
import { addressOf } from "../wire/handshake.ts";
import { WireLog } from "../wire/wire-log.ts";
import { framing } from "./framing.ts";
import { opening } from "./opening.ts";

/** How a fault must be found. */
interface Finding {
  fault: HandshakeFlaws;
  rules?: Partial<Rules>;
  /** The beginning of a title for each case that must not pass. */
  finds: readonly string[];
  /** Default: fail. */
  verdict?: Verdict;
}

const plain = "a plain handshake is accepted";

const findings: Record<string, Finding> = {
  "the proof is wrong": { fault: { accept: () => acceptOf("another") }, finds: [plain] },
  "the proof is the key": { fault: { accept: (key) => key }, finds: [plain, "the key of the RFC's example"] },
  "the proof is sent twice": {
    fault: { answer: (lines) => [...lines, lines.at(-1) ?? ""] },
    finds: [plain],
  },
  "the proof is of the key with its white space": {
    fault: {
      without: ["key"],
      header: (line) => (line.startsWith("Sec-WebSocket-Key:") ? untrimmed(line) : headerOf(line)),
    },
    finds: ["values with spaces and tabs after", "values with spaces and tabs before"],
  },
  "the proof is of a key that was decoded and encoded": {
    fault: { accept: (key) => acceptOf(Buffer.from(key, "base64").toString("base64")) },
    finds: ["a key in non-canonical base64"],
  },
  "a + in the key is a space": {
    fault: { accept: (key) => acceptOf(key.replaceAll("+", " ")) },
    finds: ["a key with + and /"],
  },
  "200 instead of 101": {
    fault: { answer: ([, ...lines]) => ["HTTP/1.1 200 OK", ...lines] },
    finds: [plain],
  },
  "101 without Upgrade": { fault: { answer: (lines) => lines.toSpliced(1, 1) }, finds: [plain] },
  "101 without Connection": { fault: { answer: (lines) => lines.toSpliced(2, 1) }, finds: [plain] },
  "101 with a length": {
    fault: { answer: (lines) => [...lines, "Content-Length: 0"] },
    finds: ["101 has neither a Content-Length"],
  },
  "101 of HTTP/1.0": {
    fault: { answer: ([, ...lines]) => ["HTTP/1.0 101 Switching Protocols", ...lines] },
    finds: ["the 101 is an HTTP/1.1 response"],
  },
  "a subprotocol that nobody offered": {
    fault: { answer: (lines) => [...lines, "Sec-WebSocket-Protocol: chat"] },
    finds: [plain, "an unknown subprotocol"],
  },
  "the offered subprotocols are all sent back": {
    fault: { answer: echoing("Sec-WebSocket-Protocol") },
    finds: ["of three subprotocols in one line"],
  },
  "the first subprotocol is taken, whatever it is": {
    fault: {
      answer(lines, request) {
        const [first] = list(request, "sec-websocket-protocol");
        return first === undefined ? lines : [...lines, `Sec-WebSocket-Protocol: ${first}`];
      },
    },
    finds: ["an unknown subprotocol", "of three subprotocols", "of two subprotocols"],
    verdict: "non-strict",
  },
  "the subprotocols are not checked, and the first is taken": {
    fault: { without: ["subprotocols"], answer: echoing("Sec-WebSocket-Protocol") },
    finds: ["a subprotocol with a space", "a subprotocol in quotes"],
  },
  "the offered extensions are sent back": {
    fault: { answer: echoing("Sec-WebSocket-Extensions") },
    finds: ["an unknown extension", "unknown extensions"],
  },
  "the extensions are not checked and are sent back": {
    fault: { without: ["extensions"], answer: echoing("Sec-WebSocket-Extensions") },
    finds: ["an offer with a semicolon", "an offer with a quoted value without its end"],
  },
  "extensions are looked up in an object with a prototype": {
    fault: {
      answer(lines, request) {
        const known: Record<string, unknown> = {};
        const taken = list(request, "sec-websocket-extensions").find((name) => known[name] !== undefined);
        return taken === undefined ? lines : [...lines, `Sec-WebSocket-Extensions: ${taken}`];
      },
    },
    finds: ["an extension named __proto__", "an extension named toString"],
  },
  "header names are case-sensitive": {
    fault: {
      header: (line) =>
        /^([A-Z][a-z]+-?)+\b/.test(line.replace("WebSocket", "Websocket")) ? headerOf(line) : ["X-Other", ""],
    },
    finds: ["header names in lower case", "header names in upper case"],
  },
  "Upgrade is compared with its case": {
    fault: { checks: { upgrade: (request) => refuseUnless(list(request, "upgrade").includes("websocket")) } },
    finds: ["Upgrade: WebSocket is understood", "Upgrade: WEBSOCKET"],
  },
  "Connection is compared with its case": {
    fault: {
      checks: { connection: (request) => refuseUnless(list(request, "connection").includes("Upgrade")) },
    },
    finds: ["Connection: upgrade is understood", "Connection: UPGRADE"],
  },
  "Connection is no list": {
    fault: {
      checks: { connection: (request) => refuseUnless(isUpgrade(values(request, "connection").join())) },
    },
    finds: ["Connection: keep-alive, Upgrade", "Connection: Upgrade,keep-alive", "Connection: ,, Upgrade"],
  },
  "of several lines of Connection, the first counts": {
    fault: { checks: { connection: (request) => refuseUnless(isUpgrade(values(request, "connection")[0])) } },
    finds: ["Connection: keep-alive and Connection: Upgrade"],
  },
  "of several lines of Connection, the last counts": {
    fault: {
      checks: { connection: (request) => refuseUnless(isUpgrade(values(request, "connection").at(-1))) },
    },
    finds: ["Connection: Upgrade and Connection: x-unknown"],
  },
  "Connection is searched for upgrade": {
    fault: {
      checks: {
        connection: (request) => refuseUnless(/upgrade/i.test(values(request, "connection").join())),
      },
    },
    finds: ["Connection: upgraded", "Connection: no-upgrade", "Connection: keep-alive Upgrade"],
  },
  "Upgrade is searched for websocket": {
    fault: {
      checks: { upgrade: (request) => refuseUnless(/websocket/i.test(values(request, "upgrade").join())) },
    },
    finds: ["Upgrade: websocketx", "Upgrade: xwebsocket"],
  },
  "Upgrade is not looked at": {
    fault: { without: ["upgrade"] },
    finds: ["a request without Upgrade", "Upgrade: h2c does not", "Upgrade: (empty)"],
  },
  "Connection is not looked at": {
    fault: { without: ["connection"] },
    finds: ["a request without Connection", "Connection: keep-alive does not", "Connection: close"],
  },
  "a value ends at its NUL": {
    fault: { read: (text) => text.replace(/\0[^\r\n]*/g, "") },
    finds: ["Upgrade: websocket, followed by a NUL"],
  },
  "the key is not checked": {
    fault: { without: ["key"] },
    finds: ["a handshake without a key", "two different keys"],
  },
  "the version is not checked": {
    fault: { without: ["webSocketVersion"] },
    finds: [
      "version 0 is",
      "version 14",
      "version 255",
      "a list of two versions",
      "a handshake without a version",
    ],
  },
  "the version is the number that a value begins with": {
    fault: {
      checks: {
        webSocketVersion: (request) =>
          Number.parseInt(values(request, "sec-websocket-version")[0] ?? "", 10) === 13
            ? undefined
            : { status: 426, headers: ["Upgrade: websocket", "Sec-WebSocket-Version: 13"] },
      },
    },
    finds: ["a list of two versions"],
  },
  "a wrong version is refused without naming the right one": {
    fault: { refuse: (lines) => lines.filter((line) => !line.startsWith("Sec-WebSocket-Version")) },
    finds: ["version 0 is", "version 14", "version 255"],
  },
  "Host is not looked at": {
    fault: { without: ["host"] },
    finds: ["a handshake without Host", "two different Hosts", "the same Host twice", "a Host with a space"],
  },
  "of two Hosts, the first counts": {
    fault: {
      checks: { host: (request) => refuseUnless(/^[\w.:-]+$/.test(values(request, "host")[0] ?? "")) },
    },
    finds: ["two different Hosts", "the same Host twice"],
  },
  "any method is accepted": {
    fault: { without: ["method"] },
    finds: ["POST", "HEAD", "OPTIONS", "get"],
  },
  "any HTTP version is accepted": {
    fault: { without: ["version"] },
    finds: ["a request in HTTP/1.0", "a request in HTTP/0.9"],
  },
  "an absolute target is refused": {
    fault: { checks: { target: ({ target }) => refuseUnless(target.startsWith("/")) } },
    finds: ["the absolute form of the target"],
  },
  "white space before a colon is ignored": {
    fault: { header: (line) => headerOf(line.replace(/^([^:]*?)[ \t]+:/, "$1:")) },
    finds: ["a space between a header's name and its colon"],
  },
  "a folded line is dropped": {
    fault: { read: (text) => text.replace(/\r\n[ \t][^\r\n]*/g, ""), without: ["key"] },
    finds: ["a key that is folded"],
  },
  "white space before the first header is ignored": {
    fault: { read: (text) => text.replace(/\r\n[ \t]+/g, "\r\n") },
    finds: ["a line that begins with a space"],
  },
  "a body is read as frames": {
    fault: { without: ["body"] },
    finds: [
      "a body that looks like a frame",
      "a chunked body",
      "Content-Length and Transfer-Encoding",
      "two different C",
    ],
  },
  "bytes that came with the handshake are lost": {
    fault: { rest: () => Buffer.alloc(0) },
    finds: ["a message in the same segment", "three messages in the same segment"],
    // Here it is the client that must not send so early.
    verdict: "info",
  },
  "bytes that came with the handshake are refused": {
    fault: { impatient: true, read: (text) => (text.includes("\x81") ? "" : text) },
    finds: ["a message in the same segment"],
    verdict: "info",
  },
  "a refusal is a body without a head, as in HTTP/0.9": {
    fault: { refuse: () => ["<h1>Not found</h1>"] },
    finds: ["a request line without a version", "a version written http/1.1", "POST"],
    verdict: "non-strict",
  },
  "the answer to HEAD has a body": {
    fault: { refuse: (lines) => [...lines, "", "more"] },
    finds: ["the answer to HEAD has no body"],
  },
  "reading subprotocols takes time quadratic in their length": {
    fault: {
      checks: {
        subprotocols: (request) => {
          for (const value of values(request, "sec-websocket-protocol")) spin(value.split(" ").length / 40);
          return undefined;
        },
      },
    },
    finds: ["a list of subprotocols with 15,000 spaces"],
  },
  "a handshake in pieces is refused": {
    fault: { impatient: true },
    finds: ["a handshake of one byte at a time"],
  },
  "after a refusal the WebSocket is open": {
    fault: { staysOpen: true },
    finds: ["a handshake without a key", "version 14"],
  },
  "after a refusal nothing is answered any more": {
    fault: { staysOpen: true },
    rules: { segment: () => Buffer.alloc(0) },
    finds: ["a handshake without a key"],
  },
  "a refusal has no end": {
    fault: { staysOpen: true, refuse: (lines) => lines.filter((line) => !line.startsWith("Content-Length")) },
    rules: { segment: () => Buffer.alloc(0) },
    finds: ["a handshake without a key"],
  },
  "a refusal has bytes after its end": {
    fault: { refuse: (lines) => [...lines, "", "more"] },
    finds: ["a handshake without a key"],
  },
  "a refusal is a 200": {
    fault: { refuse: (lines) => lines.with(0, "HTTP/1.1 200 OK") },
    finds: ["a handshake without a key", "version 14", "two different Hosts"],
  },
  "a request for no WebSocket is answered with 200": {
    fault: { refuse: (lines) => lines.with(0, "HTTP/1.1 200 OK") },
    finds: ["a request without Upgrade", "POST"],
    verdict: "info",
  },
  "it hangs up instead of refusing": {
    fault: { refuse: () => [] },
    finds: ["a handshake without a key", "POST"],
    verdict: "non-strict",
  },
  "a client's fault is answered with a server error": {
    fault: { refuse: (lines) => lines.with(0, "HTTP/1.1 500 Internal Server Error") },
    finds: ["a handshake without a key", "version 14", "POST"],
    verdict: "non-strict",
  },
  "the answer is not HTTP": { fault: { answer: () => ["hello"] }, finds: [plain] },
};

// Keeps the process busy for this many ms.
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function untrimmed(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

function refuseUnless(right: boolean): HandshakeRefusal | undefined {
  return right ? undefined : { status: 400 };
}

function isUpgrade(value = ""): boolean {
  return value.toLowerCase() === "upgrade";
}

function lowerName(line: string): string {
  return line.replace(/^[^:]*/, (name) => name.toLowerCase());
}

function echoing(name: string): NonNullable<HandshakeFlaws["answer"]> {
  return (lines, request: HandshakeRequest) => [
    ...lines,
    ...values(request, name.toLowerCase()).map((value) => `${name}: ${value}`),
  ];
}

// After the check at the start of a run, which a fault in every handshake would end.
async function judged(url: string, each: OpeningCase, deadlineMs: number) {
  const context = {
    address: addressOf(url),
    log: new WireLog(),
    random: random(1, each.id),
    timing: { deadlineMs, settleMs: 200 },
    strict: false,
  };
  const { behaviour, close, received } = await judgeServer(each, context);
  return { id: each.id, title: each.title, verdict: worst(behaviour.verdict, close.verdict), received };
}

function caseOf(title: string): OpeningCase {
  const [found, ...more] = opening.filter((each) => each.title.startsWith(title));
  if (!found || more.length > 0) throw new Error(`there are ${more.length + 1} cases, or none: ${title}`);
  return found;
}

test("a strict handshake passes every case", async () => {
  const server = await startServer({ handshake: handshakeOf() });
  const results: Result[] = [];
  for await (const result of runConformance(server.url, { cases: opening })) results.push(result);
  await server.stop();
  expect(results.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  expect(results).toHaveLength(opening.length);
});

test.for(Object.entries(findings))("a server is found out: %s", async ([, finding]) => {
  const { fault, rules = {}, finds, verdict = "fail" } = finding;
  const server = await startServer({ handshake: handshakeOf(fault), rules });
  const found = await Promise.all(finds.map((title) => judged(server.url, caseOf(title), 1_000)));
  // The server adds this to every answer, so the answers to other handshakes have it too.
  const isEverywhere = finds.includes(plain) || rules.segment !== undefined;
  const control = isEverywhere ? undefined : await judged(server.url, caseOf("the key of the RFC's"), 1_000);
  await server.stop();
  expect(found).toEqual(found.map((each) => ({ ...each, verdict })));
  expect(control?.verdict ?? "pass").toBe("pass");
});

const noKey = "a handshake without a key is refused";

// Behaviour that looks odd and is just as good.
test.for<[string, HandshakeFlaws, string]>([
  [
    "an interim answer before the final one",
    { answer: (lines) => ["HTTP/1.1 103 Early Hints", "", ...lines] },
    plain,
  ],
  ["names in lower case", { answer: ([first = "", ...lines]) => [first, ...lines.map(lowerName)] }, plain],
  ["Connection as a list", { answer: (lines) => lines.with(2, "Connection: keep-alive, upgrade") }, plain],
  ["no words beside the status", { answer: (lines) => lines.with(0, "HTTP/1.1 101 ") }, plain],
  [
    "a refusal in chunks",
    {
      refuse: ([first = "", connection = ""]) => [
        first,
        connection,
        "Transfer-Encoding: chunked",
        "",
        "5;x=y",
        "Hello",
        "0",
        "X-Trailer: 1",
      ],
    },
    noKey,
  ],
  [
    "a refusal that ends with its connection",
    { refuse: (lines) => [...lines.filter((line) => !line.startsWith("Content-Length")), "", "Hello"] },
    noKey,
  ],
])("a server is not blamed for %s", async ([, fault, title]) => {
  const server = await startServer({ handshake: handshakeOf(fault) });
  const result = await judged(server.url, caseOf(title), 1_000);
  await server.stop();
  expect(result).toEqual({ ...result, verdict: "pass" });
});

test.each([
  { fault: { accept: (key: string) => key }, why: /^101, but Sec-WebSocket-Accept is / },
  {
    fault: { answer: (lines: readonly string[]) => [...lines, "no header"] },
    why: /^malformed header: /,
  },
])("a server that gets every 101 wrong is judged by every case: $why", async ({ fault, why }) => {
  const server = await startServer({ handshake: handshakeOf(fault) });
  const results = new Map<string, Result>();
  const cases = [...opening, ...framing].filter(({ peer }) => peer !== "client");
  for await (const result of runConformance(server.url, { cases, deadlineMs: 1_000 })) {
    results.set(result.id, result);
  }
  await server.stop();
  expect(results.size).toBe(cases.length);
  expect(results.get(caseOf(plain).id)?.verdict).toBe("fail");
  expect(results.get("1.1.1")?.behaviour).toMatchObject({ verdict: "fail", why: expect.stringMatching(why) });
  // Its refusals are correct.
  expect(results.get(caseOf(noKey).id)?.verdict).toBe("pass");
});

test("a server that speaks only a subprotocol is judged with one that every handshake offers", async () => {
  const chosen: HandshakeFlaws = {
    checks: {
      subprotocols: (request) => refuseUnless(list(request, "sec-websocket-protocol").includes("house.v1")),
    },
    answer: (lines) => [...lines, "Sec-WebSocket-Protocol: house.v1"],
  };
  const server = await startServer({ handshake: handshakeOf(chosen) });
  const known = ["an unknown subprotocol", "a subprotocol with a space"];
  const cases = [...[plain, noKey, ...known].map(caseOf), ...framing.slice(0, 1)];
  const headers = [["Sec-WebSocket-Protocol", "house.v1, house.v2"]] as const;
  const verdicts: Record<string, Verdict> = {};
  for await (const { id, verdict } of runConformance(server.url, { cases, headers, deadlineMs: 1_000 })) {
    verdicts[id] = verdict;
  }
  await server.stop();
  // It does not check the syntax of subprotocols.
  expect(Object.values(verdicts).sort()).toEqual(["non-strict", "pass", "pass", "pass", "pass"]);
});
