import { randomBytes } from "node:crypto";
import { handshakeProblem } from "@rosetta/conformance";
import { errorAt, failure } from "./failure.ts";
import {
  type HeaderChanges,
  type HeaderList,
  headerList,
  type RawAnswer,
  type ResponseHead,
  ResponseReader,
  requestHead,
} from "./http.ts";
import { type Await, within } from "./inbox.ts";
import { RawSocket } from "./raw-socket.ts";
import { RawEventStream } from "./stream.ts";
import { TcpConnection, type TcpOptions } from "./tcp-connection.ts";

/** A request in which every byte may be chosen. */
export interface RequestOptions extends Await, Pick<TcpOptions, "from"> {
  method?: string;
  /** A list is sent as it is. An object changes the defaults, and `undefined` leaves one out. */
  headers?: HeaderList | HeaderChanges;
  httpVersion?: string;
  body?: string | Uint8Array;
}

/** An opening handshake in which every byte may be chosen. */
export interface UpgradeOptions extends RequestOptions {
  subprotocols?: readonly string[];
  /** Sent with the handshake, in one segment. */
  firstBytes?: Uint8Array;
  /** Keeps our side of the TCP connection open when the server ends its side. Default: false. */
  halfOpen?: boolean;
}

/** A raw client of one server. It remembers what it has opened, and `end()` ends all of it. */
export class Raw {
  readonly port: number;
  readonly #opened: TcpConnection[];

  constructor(port: number, opened: TcpConnection[] = []) {
    this.port = port;
    this.#opened = opened;
  }

  /** Returns the same client for another server. */
  at(port: number): Raw {
    return new Raw(port, this.#opened);
  }

  /** Opens a bare TCP connection. */
  async tcp(options: TcpOptions = {}): Promise<TcpConnection> {
    const connection = await TcpConnection.open(this.port, options);
    this.#opened.push(connection);
    return connection;
  }

  /** Sends one request on its own connection. Returns the whole response. */
  async request(path: string, options: RequestOptions = {}): Promise<RawAnswer> {
    const connection = await this.tcp(options);
    const defaults = [
      ["Host", `127.0.0.1:${this.port}`],
      ["Connection", "close"],
      ...lengthOf(options.body),
    ] as const;
    const headers = headerList([...defaults], options.headers);
    const reader = send(connection, path, headers, options);
    const answer = await answerOf(connection, reader, `the response to ${nameOf(path, options)}`, options);
    connection.reset();
    return answer;
  }

  /** Reads the body of a response as Server-Sent Events. It does not end by itself. */
  async events(path: string, options: RequestOptions = {}): Promise<RawEventStream> {
    const connection = await this.tcp(options);
    const defaults = [
      ["Host", `127.0.0.1:${this.port}`],
      ["Accept", "text/event-stream"],
    ] as const;
    const reader = send(connection, path, headerList([...defaults], options.headers), options);
    const head = await headOf(connection, reader, `the head of ${nameOf(path, options)}`, options);
    return new RawEventStream(connection, head, reader);
  }

  /** Sends an opening handshake. Returns a WebSocket if the server answers 101, otherwise its answer. */
  async upgrade(path: string, options: UpgradeOptions = {}): Promise<RawSocket | RawAnswer> {
    const connection = await this.tcp(options);
    const key = randomBytes(16).toString("base64");
    const headers = headerList(handshakeHeaders(this.port, key, options.subprotocols), options.headers);
    const reader = send(connection, path, headers, options);
    const what = `the answer to the handshake at ${nameOf(path, options)}`;
    const head = await headOf(connection, reader, what, options);
    if (head.status !== 101) return answerOf(connection, reader, what, options);
    checkHandshake(head, headers);
    return new RawSocket(connection, head, reader.rest);
  }

  /** Opens a WebSocket. Throws if the handshake is refused. */
  async connect(path: string, options: UpgradeOptions = {}): Promise<RawSocket> {
    const outcome = await this.upgrade(path, options);
    if (outcome instanceof RawSocket) return outcome;
    throw failure(
      `expected a WebSocket at ${path}, but it was refused: ${outcome.status} ${outcome.body.trim()}`,
    );
  }

  /** Returns the refusal of a handshake. Throws if it opens a WebSocket. */
  async refused(path: string, options: UpgradeOptions = {}): Promise<RawAnswer> {
    const outcome = await this.upgrade(path, options);
    if (!(outcome instanceof RawSocket)) return outcome;
    throw failure(`expected a refusal at ${path}, but the server answered 101`);
  }

  /** Ends every connection. */
  end(): void {
    for (const connection of this.#opened.splice(0)) connection.reset();
  }
}

function handshakeHeaders(port: number, key: string, subprotocols: readonly string[] = []): HeaderList {
  const offer = subprotocols.length ? [["Sec-WebSocket-Protocol", subprotocols.join(", ")] as const] : [];
  return [
    ["Host", `127.0.0.1:${port}`],
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Version", "13"],
    ["Sec-WebSocket-Key", key],
    ...offer,
  ];
}

function lengthOf(body: string | Uint8Array | undefined): HeaderList {
  return body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(body))]];
}

function nameOf(path: string, options: RequestOptions): string {
  return `${options.method ?? "GET"} ${path}`;
}

function send(
  connection: TcpConnection,
  path: string,
  headers: HeaderList,
  options: UpgradeOptions,
): ResponseReader {
  const { method = "GET", httpVersion, body = "", firstBytes = new Uint8Array() } = options;
  const head = requestHead(method, path, headers, httpVersion);
  connection.write(Buffer.concat([Buffer.from(head), Buffer.from(body as string), firstBytes]));
  return new ResponseReader(method);
}

// What a client must check before it treats the connection as open: RFC 6455 §4.1, steps 2 to 6.
function checkHandshake({ headers }: ResponseHead, sent: HeaderList): void {
  const offered = (name: string) =>
    sent.filter(([each]) => each.toLowerCase() === name).flatMap(([, value]) => value.split(/\s*,\s*/));
  const [key = ""] = offered("sec-websocket-key");
  const extensions = offered("sec-websocket-extensions").join(", ");
  const subprotocols = offered("sec-websocket-protocol");
  const problem = handshakeProblem({ headers: [...headers] }, key, extensions, subprotocols);
  if (problem !== undefined) throw failure(`status 101, but ${problem}`);
}

function headOf(
  connection: TcpConnection,
  reader: ResponseReader,
  what: string,
  options: Await,
): Promise<ResponseHead> {
  return read(connection, reader, what, options, () => reader.head);
}

async function answerOf(
  connection: TcpConnection,
  reader: ResponseReader,
  what: string,
  options: Await,
): Promise<RawAnswer> {
  const head = await read(connection, reader, what, options, () =>
    reader.complete ? reader.head : undefined,
  );
  const bytes = reader.takeBody();
  return { ...head, bytes, body: bytes.toString("utf8") };
}

// Reads until `found` returns something.
function read<T>(
  connection: TcpConnection,
  reader: ResponseReader,
  what: string,
  options: Await,
  found: () => T | undefined,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const caller = new Error();
  const look = () => {
    const result = found();
    if (result !== undefined) resolve(result);
  };
  look();
  connection.listen((bytes) => {
    try {
      reader.push(bytes);
      look();
    } catch (error) {
      reject(error);
    }
  });
  connection.onEnd((how) => {
    reader.end();
    look();
    reject(
      errorAt(caller, new Error(`waited for ${what}, but the connection ended (${how}); ${storyOf(reader)}`)),
    );
  });
  return within(promise, what, options, () => storyOf(reader));
}

function storyOf({ head, rest }: ResponseReader): string {
  if (head) return `received so far: ${head.status} ${head.statusText} and a part of the body`;
  return `received so far: ${rest.length ? JSON.stringify(rest.toString("latin1", 0, 200)) : "nothing"}`;
}
