// These are all the rules for a server, in the order in which a connection is read:
//
// 1. Each request gets one answer, in order (RFC 9112 §9.3.2), and each answer is valid HTTP (answer.ts).
// 2. A request that a strict reader understands (heard.ts) is answered as admission and the routes decide. It makes no
//    difference what came before it, how it was cut into segments, or whether the client sent FIN after it (§9.6).
// 3. If an answer or its request says `Connection: close`, nothing after it is answered, and the server hangs up.
// 4. An accepted handshake is answered with 101, and only frames follow. On /echo those are each message, in order, and
//    a pong for each ping. Once the client closes or breaks a rule, the connection ends. A handshake after another
//    request may be refused instead, because few servers queue an upgrade.
// 5. A request that is odd but readable (`isOdd`) may get any status that a client can understand as an answer to it.
// 6. From the first byte that can be read in two ways, a server may guess, refuse or hang up, but must send only HTTP.
//    If it hangs up there, answers that were not sent yet may be lost. The same holds if the request with the last
//    answer has a body or more bytes follow it, because TCP then discards what the client has not read (§9.6). But
//    hanging up never changes an answer: a 400 in place of an honest request's answer belongs to another request.
// 7. 500, 502 and 504 are always faults: nothing here depends on another server, and no handler may throw.
// 8. Once the client has sent FIN and is owed nothing, the server hangs up. An event stream may stay open.
import { acceptOf } from "@rosetta/conformance";
import {
  admit,
  type DoorPolicy,
  defaultLimits,
  type Endpoint,
  endpoints,
  isHeld,
  parseRequest,
  pathOf,
  paths,
  type RequestFacts,
  type ServedPath,
} from "@rosetta/protocol";
import type { ResponseHead } from "../http.ts";
import { type CameAnswer, readAnswer } from "./answer.ts";
import { compareEcho, decodeFrames } from "./echo.ts";
import { type HeardRequest, hear, valuesOf } from "./heard.ts";

/** The bytes that the client has sent so far. */
export interface Sent {
  bytes: Buffer;
  /** Whether FIN followed. */
  fin: boolean;
  port: number;
}

/** The bytes that have come back so far. */
export interface Came {
  bytes: Buffer;
  /** Whether the server has ended the connection, in any way. */
  isOver: boolean;
}

/** The fault found so far, or what the server still owes. With neither, the server has done all it must. */
export interface Weighed {
  fault?: string;
  owed?: string;
}

const anEnd = "the end of the connection";

/** Compares what came with what was sent. */
export function weigh(sent: Sent, came: Came): Weighed {
  try {
    const weighed = new Walk(sent, came).all();
    if (!came.isOver || weighed.owed === undefined || weighed.owed === anEnd)
      return came.isOver ? {} : weighed;
    return { fault: `it hung up, but owed ${weighed.owed}` };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** Which answers to a request are legal. */
interface Legal {
  allows(status: number): boolean;
  /** In words, for the report. */
  text: string;
  /** The body of an answer with 200. */
  body?: RegExp;
  /** Whether the answer may stay open (a stream) or take long to come (a poll). */
  held?: boolean;
  /** Whether the server may hang up instead. */
  mayHangUp?: boolean;
  /** Whether the server may hang up after the answer. */
  isLast?: boolean;
}

const isAnswer = (status: number) => status === 101 || isFinal(status);
const isFinal = (status: number) => status >= 200 && (status < 500 || [501, 503, 505].includes(status));
const isRefusal = (status: number) => status >= 400 && isFinal(status);

// Goes through both directions of a connection once, request by request.
class Walk {
  readonly #sent: Sent;
  readonly #isOver: boolean;
  #at = 0;
  #rest: Buffer;
  #number = 0;

  constructor(sent: Sent, came: Came) {
    this.#sent = sent;
    this.#isOver = came.isOver;
    this.#rest = came.bytes;
  }

  all(): Weighed {
    for (;;) {
      const heard = hear(this.#sent.bytes, this.#at);
      if (heard.kind === "nothing") return this.#end();
      if (heard.kind === "doubtful") return this.#loose();
      if (heard.kind === "begun") return this.#begun(heard.head);
      const weighed = this.#answered(heard.request);
      if (weighed) return weighed;
      this.#at = heard.request.end;
      this.#number++;
    }
  }

  // Rule 8.
  #end(): Weighed {
    // A server may say why it hangs up on an idle connection (408).
    if (this.#rest.length > 0) this.#take("GET", "an idle connection", (status) => status === 408);
    return this.#sent.fin ? { owed: anEnd } : {};
  }

  // Checks the answer to one request. Returns `undefined` if it is whole and the next request follows.
  #answered(request: HeardRequest): Weighed | undefined {
    const legal = legalFor(request, this.#sent.port, this.#number > 0);
    const answer = this.#read(request, legal);
    if (!answer.complete || !answer.head) return this.#incomplete(request, legal, answer);
    if (answer.head.status === 101) return this.#frames(request, answer);
    this.#rest = answer.rest;
    return isLast(answer.head, request) ? this.#closed(nameOf(request)) : undefined;
  }

  #read(request: HeardRequest, legal: Legal): CameAnswer {
    try {
      const answer = readAnswer(this.#rest, request.method, this.#isOver);
      checkAnswer(answer, request, legal);
      return answer;
    } catch (error) {
      const { message } = error as Error;
      if (!/ was answered with [45]\d\d,/.test(message) || !this.#mayBeCutOff()) throw error;
      throw new Error(`${message}: the refusal of what follows it`);
    }
  }

  #incomplete(request: HeardRequest, legal: Legal, { head }: CameAnswer): Weighed {
    const owed = `${head ? "the rest of " : ""}the answer to ${nameOf(request)}`;
    if (legal.held) return {};
    if (!this.#isOver) return { owed };
    if (legal.mayHangUp || this.#mayBeCutOff()) return {};
    throw new Error(`it hung up${this.#after(request)}, but owed ${owed}`);
  }

  // On what a server hung up that owed the answer to a request, as far as the client did anything after it.
  #after(request: HeardRequest): string {
    if (request.end < this.#sent.bytes.length) return " on what follows it";
    return this.#sent.fin ? " on FIN" : "";
  }

  // Whether the bytes from here on excuse a server that hangs up before all answers are sent: rule 6.
  #mayBeCutOff(): boolean {
    const { bytes, fin, port } = this.#sent;
    for (let at = this.#at, number = this.#number; ; number++) {
      const heard = hear(bytes, at);
      // A request that is unfinished when FIN comes stays unfinished (RFC 9112 §8).
      if (heard.kind !== "request") return heard.kind === "doubtful" || (heard.kind === "begun" && fin);
      at = heard.request.end;
      const legal = legalFor(heard.request, port, number > 0);
      if (legal.mayHangUp) return true;
      const goesOn = at < bytes.length || heard.request.bodyBytes > 0;
      if ((legal.isLast || saysLast(heard.request)) && goesOn) return true;
    }
  }

  // Rule 3. But a parser that does not know of the last answer may refuse garbage after it: clients never read that.
  #closed(name: string): Weighed {
    if (this.#rest.length === 0) return { owed: anEnd };
    const answer = readAnswer(this.#rest, "GET", this.#isOver);
    if (!answer.head || isRefusal(answer.head.status)) return { owed: anEnd };
    throw new Error(`more came after the last answer, to ${name}: ${shown(this.#rest)}`);
  }

  // A server may refuse a body before it has arrived, and a head that takes too long.
  #begun(head: HeardRequest | undefined): Weighed {
    if (this.#rest.length === 0) return this.#sent.fin ? { owed: anEnd } : {};
    const isAllowed = head ? isFinal : isRefusal;
    this.#take(head?.method ?? "GET", "a request that has only begun", isAllowed);
    return this.#sent.fin ? { owed: anEnd } : {};
  }

  // Rule 6.
  #loose(): Weighed {
    const mayBeHead = this.#sent.bytes.includes("HEAD", this.#at);
    while (this.#rest.length > 0) {
      const answer = this.#take("GET", "what cannot be read", isAnswer, mayBeHead);
      if (answer.head?.status === 101) {
        decodeFrames(answer.rest);
        break;
      }
      if (!answer.complete || mayBeHead) break;
    }
    return this.#sent.fin ? { owed: anEnd } : {};
  }

  // Takes one answer about which little is known.
  #take(method: string, to: string, allows: (status: number) => boolean, mayBeHead = false): CameAnswer {
    const answer = readAnswer(this.#rest, method, this.#isOver);
    const { head } = answer;
    if (head && !allows(head.status)) throw new Error(`${to} was answered with ${head.status}`);
    this.#rest = answer.rest;
    if (head && answer.complete && !mayBeHead && isLast(head)) this.#closed(to);
    if (!head || !answer.complete) this.#rest = Buffer.alloc(0);
    return answer;
  }

  // Rule 4.
  #frames(request: HeardRequest, answer: CameAnswer): Weighed {
    const came = decodeFrames(answer.rest);
    const isEcho = pathOf(parseRequest(request)) === endpoints.echo;
    const { owed, isOver } = isEcho
      ? compareEcho(this.#sent.bytes.subarray(request.end), came)
      : { owed: undefined, isOver: false };
    if (owed !== undefined) return { owed };
    return isOver || this.#sent.fin ? { owed: anEnd } : {};
  }
}

function checkAnswer({ head, complete, body }: CameAnswer, request: HeardRequest, legal: Legal): void {
  if (!head) return;
  const name = nameOf(request);
  if (!legal.allows(head.status)) {
    throw new Error(`${name} was answered with ${head.status}, expected ${legal.text}`);
  }
  if (head.status === 101) checkAccept(head, request);
  if (complete && head.status === 200 && request.method !== "HEAD" && legal.body && !legal.body.test(body)) {
    throw new Error(`${name} was answered with ${JSON.stringify(body.slice(0, 80))}`);
  }
  // Servers repeat an allowed Origin, which shows whether this is the answer to another request.
  const allowed = head.headers.get("access-control-allow-origin");
  const origin = request.header("origin");
  if (allowed !== null && allowed !== origin) {
    throw new Error(`${name} from ${origin} got the answer to one from ${allowed}`);
  }
}

function checkAccept({ headers }: ResponseHead, request: HeardRequest): void {
  const key = request.header("sec-websocket-key") ?? "";
  if (headers.get("sec-websocket-accept") === acceptOf(key)) return;
  throw new Error(`the 101 for the key ${key} accepts another one`);
}

function legalFor(request: HeardRequest, port: number, isBehind: boolean): Legal {
  const facts = parseRequest(request);
  const held = isHeld(pathOf(facts));
  if (isOdd(request)) return { allows: isAnswer, text: "an answer", mayHangUp: true, held };
  const refusal = admit(facts, policyOf(port), { draining: false, connections: 0, fromAddress: 0 });
  const legal = refusal ? { ...refused(refusal.status), isLast: true } : routed(facts);
  if (!facts.wantsWebSocket || !isBehind) return legal;
  return {
    ...legal,
    isLast: true,
    allows: (status) => legal.allows(status) || isRefusal(status),
    text: `${legal.text} or a refusal`,
  };
}

function refused(status: number): Legal {
  return { allows: (each) => each === status, text: String(status) };
}

/** What each path answers to a plain GET. */
const bodies: Record<Exclude<ServedPath, Endpoint>, RegExp> = {
  [paths.page]: /^<!doctype html>/i,
  [paths.greet]: /^Hello from /,
  [paths.health]: /^\{.*\}$/s,
  [paths.servers]: /^\[.*\]$/s,
  [paths.metrics]: /^# HELP /,
  [paths.poll]: /^\{.*\}$/s,
  [paths.events]: /^/,
};
/** The page is a folder, so its other files have paths, too. */
const stepFile: [string, RegExp] = ["/steps/1-echo.html", /^<!doctype html>/i];
const bodyOf = new Map<string, RegExp>([...Object.entries(bodies), stepFile]);

function routed(facts: RequestFacts): Legal {
  if (facts.wantsWebSocket) return { allows: (status) => status === 101, text: "101" };
  const path = pathOf(facts);
  const body = bodyOf.get(path);
  if (!body) return refused(404);
  const held = isHeld(path);
  const conditions = ["if-none-match", "range"].some((name) => facts.header(name) !== undefined);
  // Other tests check what /events and /poll answer to a query, and the page to a conditional request.
  const isLoose = held || conditions;
  const allows = (status: number) => status === 200 || (isLoose && status < 500 && isFinal(status));
  return { allows, text: "200", body, held };
}

/** Returns whether a request is well-formed but asks for something that servers read differently. */
function isOdd(request: HeardRequest): boolean {
  const { method, url, version } = request;
  return (
    version !== "1.1" ||
    // Some remove dot segments and empty segments first.
    !/^(?:\/[\w-][\w.-]*)*\/?(?:\?[\w./=&:,-]*)?$/.test(url) ||
    !["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].includes(method) ||
    ["expect", "te", "trailer"].some((name) => valuesOf(request, name).length > 0) ||
    !isPlainHandshake(request)
  );
}

// A handshake as browsers write it (RFC 6455 §4.1), or no handshake at all.
function isPlainHandshake(request: HeardRequest): boolean {
  const [upgrade, ...more] = valuesOf(request, "upgrade");
  if (upgrade === undefined) return true;
  const single = ["connection", "sec-websocket-version", "sec-websocket-key", "origin"];
  return (
    more.length === 0 &&
    upgrade.toLowerCase() === "websocket" &&
    request.bodyBytes === 0 &&
    single.every((name) => valuesOf(request, name).length <= 1) &&
    valuesOf(request, "sec-websocket-protocol").every((value) => /^[\w.]+(, [\w.]+)*$/.test(value)) &&
    valuesOf(request, "sec-websocket-extensions").every((value) => value === "permessage-deflate")
  );
}

function policyOf(port: number): DoorPolicy {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  return {
    origins: new Set(names.map((name) => `http://${name}:${port}`)),
    exposed: new Set(),
    limits: defaultLimits,
  };
}

// Whether an answer is the last one of its connection (RFC 9112 §9.3).
function isLast(head: ResponseHead, request?: HeardRequest): boolean {
  return has(head.headers.get("connection"), "close") || (request !== undefined && saysLast(request));
}

function saysLast(request: HeardRequest): boolean {
  const option = request.header("connection");
  return has(option, "close") || (request.version === "1.0" && !has(option, "keep-alive"));
}

function has(list: string | null | undefined, option: string): boolean {
  return (list ?? "").split(",").some((each) => each.trim().toLowerCase() === option);
}

function nameOf({ method, url }: HeardRequest): string {
  return `${method} ${url.length > 60 ? `${url.slice(0, 60)}…` : url}`;
}

function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1", 0, 80));
}
