// What is legal. The whole of it, in the order in which a connection is read:
//
// 1. Answers come in the order of the requests, one for each (RFC 9112 §9.3.2), and each is HTTP (answer.ts).
// 2. A request that a strict reader understands (heard.ts) is answered as the door and the routes decide, whatever
//    stood before it, however it was cut, and though the client has sent FIN behind it (§9.6).
// 3. Behind an answer that says `close`, behind one to a request that said it, nothing is answered any more, and the
//    server hangs up.
// 4. A handshake that is accepted is answered with 101, and from there on come frames and nothing else: on /echo each
//    message that was sent, in order, and the pong of each ping, until the client broke a rule or closed: then the end.
//    A handshake behind another request may be refused instead: few servers queue an upgrade.
// 5. What is odd but readable (`isOdd`) may be answered with any status that a client can read as an answer to it.
// 6. From the first byte that can be read in two ways on, a server may guess, refuse or hang up; what it sends is HTTP.
//    Hanging up may cost the answers that were not out yet, there and where a client goes on sending, a body or another
//    request, behind a last answer: TCP then throws away what it has not read (§9.6). It never changes an answer: a 400 in the place of that
//    to an honest request would be the answer to another one.
// 7. 500, 502 and 504 are never right: nothing here depends on another server, and no handler may throw.
// 8. When the client has sent FIN and is owed nothing, the server hangs up. A stream of events may stay.
import {
  admit,
  type DoorPolicy,
  defaultLimits,
  endpoints,
  isHeld,
  parseRequest,
  pathOf,
  type RequestFacts,
  wantsWebSocket,
} from "@rosetta/protocol";
import type { Head } from "../http.ts";
import { acceptOf } from "../raw.ts";
import { type CameAnswer, readAnswer } from "./answer.ts";
import { compareEcho, decodeFrames } from "./echo.ts";
import { type HeardRequest, hear, valuesOf } from "./heard.ts";

/** What a client sent so far. */
export interface Sent {
  bytes: Buffer;
  /** Whether FIN followed. */
  fin: boolean;
  port: number;
}

/** What came back so far. */
export interface Came {
  bytes: Buffer;
  /** Whether the server has ended the connection, in whichever way. */
  isOver: boolean;
}

/** What is wrong already, or what is still owed. Neither: the server has done all it must. */
export interface Weighed {
  fault?: string;
  owed?: string;
}

const anEnd = "that the server hangs up";

/** Compares what came with what was sent. */
export function weigh(sent: Sent, came: Came): Weighed {
  try {
    const weighed = new Walk(sent, came).all();
    if (!came.isOver || weighed.owed === undefined || weighed.owed === anEnd)
      return came.isOver ? {} : weighed;
    return { fault: `it hung up, and owed ${weighed.owed}` };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

/** What a request may be answered with. */
interface Legal {
  allows(status: number): boolean;
  /** In words, for the report. */
  text: string;
  /** The body of an answer with 200. */
  body?: RegExp;
  /** Whether the answer may stay open (a stream), or stay away for long (a poll). */
  held?: boolean;
  /** Whether the server may hang up instead. */
  mayHangUp?: boolean;
  /** Whether the server may hang up behind the answer. */
  isLast?: boolean;
}

const isAnswer = (status: number) => status === 101 || isFinal(status);
const isFinal = (status: number) => status >= 200 && (status < 500 || [501, 503, 505].includes(status));
const isRefusal = (status: number) => status >= 400 && isFinal(status);

// One walk along both directions of a connection.
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
    // A server may say why it hangs up on a connection that is idle (408).
    if (this.#rest.length > 0) this.#take("GET", "an idle connection", (status) => status === 408);
    return this.#sent.fin ? { owed: anEnd } : {};
  }

  // A whole answer to a request; nothing if the walk goes on behind it.
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
      throw new Error(`${message}: the refusal of what stands behind it`);
    }
  }

  #incomplete(request: HeardRequest, legal: Legal, { head }: CameAnswer): Weighed {
    const owed = `${head ? "the rest of " : ""}the answer to ${nameOf(request)}`;
    if (legal.held) return {};
    if (!this.#isOver) return { owed };
    if (legal.mayHangUp || this.#mayBeCutOff()) return {};
    const behind = request.end < this.#sent.bytes.length ? " on what stands behind it" : "";
    throw new Error(`it hung up${behind}, and owed ${owed}`);
  }

  // Whether what stands here or behind may cost the answers that were not out yet: rule 6.
  #mayBeCutOff(): boolean {
    const { bytes, fin, port } = this.#sent;
    for (let at = this.#at, number = this.#number; ; number++) {
      const heard = hear(bytes, at);
      // What has only begun when FIN comes never will be (RFC 9112 §8).
      if (heard.kind !== "request") return heard.kind === "doubtful" || (heard.kind === "begun" && fin);
      at = heard.request.end;
      const legal = legalFor(heard.request, port, number > 0);
      if (legal.mayHangUp) return true;
      const goesOn = at < bytes.length || heard.request.bodyBytes > 0;
      if ((legal.isLast || saysLast(heard.request)) && goesOn) return true;
    }
  }

  // Rule 3. What cannot be read behind it may be refused by a parser that knows of no answers: nobody reads that.
  #closed(name: string): Weighed {
    if (this.#rest.length === 0) return { owed: anEnd };
    const answer = readAnswer(this.#rest, "GET", this.#isOver);
    if (!answer.head || isRefusal(answer.head.status)) return { owed: anEnd };
    throw new Error(`more came after the last answer, to ${name}: ${shown(this.#rest)}`);
  }

  // A body may be refused before it has come, and a head that takes too long may be, too.
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

  // Takes one answer of which not much is known.
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
  // The door repeats a listed Origin: an answer to somebody else's request shows by it.
  const allowed = head.headers.get("access-control-allow-origin");
  const origin = request.header("origin");
  if (allowed !== null && allowed !== origin) {
    throw new Error(`${name} from ${origin} got the answer to one from ${allowed}`);
  }
}

function checkAccept({ headers }: Head, request: HeardRequest): void {
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
  if (!wantsWebSocket(facts) || !isBehind) return legal;
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

const bodies: Record<string, RegExp> = {
  "/": /^<!doctype html>/i,
  "/greet": /^Hello from /,
  "/healthz": /^\{.*\}$/s,
  "/servers.json": /^\[.*\]$/s,
  "/metrics": /^# HELP /,
  "/poll": /^\{.*\}$/s,
  "/events": /^/,
};

function routed(facts: RequestFacts): Legal {
  if (wantsWebSocket(facts)) return { allows: (status) => status === 101, text: "101" };
  const path = pathOf(facts);
  const body = bodies[path];
  if (!body) return refused(404);
  const held = isHeld(path);
  const conditions = ["if-none-match", "range"].some((name) => facts.header(name) !== undefined);
  // What /events and /poll say to their queries, and the page to conditions, is for other tests.
  const isLoose = held || conditions;
  const allows = (status: number) => status === 200 || (isLoose && status < 500 && isFinal(status));
  return { allows, text: "200", body, held };
}

/** Whether a request, though well-formed, asks for what servers may read differently. */
function isOdd(request: HeardRequest): boolean {
  const { method, url, version } = request;
  return (
    version !== "1.1" ||
    // Some read dot segments and empty ones away before they read the rest.
    !/^(?:\/[\w-][\w.-]*)*\/?(?:\?[\w./=&:,-]*)?$/.test(url) ||
    !["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].includes(method) ||
    ["expect", "te", "trailer"].some((name) => valuesOf(request, name).length > 0) ||
    !isPlainHandshake(request)
  );
}

// RFC 6455 §4.1, as browsers write it; or no handshake at all.
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
function isLast(head: Head, request?: HeardRequest): boolean {
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
