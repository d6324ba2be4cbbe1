// Reads one answer from the front of what a server sent, and checks every rule of RFC 9112 that a server must keep.
import { gunzipSync } from "node:zlib";
import { type ResponseHead, ResponseReader } from "../http.ts";

/** An answer, or the part of it that has arrived. */
export interface CameAnswer {
  /** Missing until the head is whole. */
  head: ResponseHead | undefined;
  complete: boolean;
  /** As text. The whole body of a 200 is decompressed. */
  body: string;
  /** The bytes after it. */
  rest: Buffer;
}

/** Reads one answer. Throws an error that says what is wrong with it. `isOver`: no more bytes will come. */
export function readAnswer(bytes: Buffer, method: string, isOver: boolean): CameAnswer {
  const reader = new ResponseReader(method);
  push(reader, bytes);
  if (isOver) reader.end();
  const { head } = reader;
  if (head) checkHead(head);
  else checkBeginning(bytes);
  const { complete, rest } = reader;
  const body = reader.takeBody();
  return { head, complete, body: (complete ? decompressed(head, body) : body).toString("latin1"), rest };
}

// gzip is all that a script offers. HEAD has the header, but no body, and a range is no whole file.
function decompressed(head: ResponseHead | undefined, body: Buffer): Buffer {
  if (head?.status !== 200 || body.length === 0) return body;
  return head.headers.get("content-encoding") === "gzip" ? gunzipSync(body) : body;
}

// Some parsers refuse the next request while an answer is still going out, even between two of its chunks. That fault
// gets its own message.
function push(reader: ResponseReader, bytes: Buffer): void {
  try {
    reader.push(bytes);
  } catch (error) {
    const [, status] = /^malformed chunk size: HTTP\/1\.1 ([45]\d\d) /.exec((error as Error).message) ?? [];
    if (status === undefined) throw error;
    throw new Error(`${status} between two chunks of an answer: the refusal of what follows it`);
  }
}

// RFC 9112 §4 and §6.3, RFC 9110 §5.5 and §8.6.
function checkHead({ status, httpVersion, headerList, headers }: ResponseHead): void {
  if (httpVersion !== "1.1") throw new Error(`an answer in HTTP/${httpVersion}`);
  for (const [name, value] of headerList) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
      throw new Error(`malformed header name ${JSON.stringify(name)}`);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) throw new Error(`${name} has a control character in it`);
  }
  const lengths = headerList.filter(([name]) => name.toLowerCase() === "content-length");
  if (lengths.length > 1) throw new Error(`${status} with ${lengths.length} Content-Lengths`);
  if (lengths.some(([, value]) => !/^\d+$/.test(value)))
    throw new Error(`malformed Content-Length: ${lengths[0]?.[1]}`);
  if (lengths.length > 0 && headers.has("transfer-encoding")) {
    throw new Error(`${status} with Content-Length and Transfer-Encoding (RFC 9112 §6.2)`);
  }
}

function checkBeginning(bytes: Buffer): void {
  const text = bytes.toString("latin1", 0, 8);
  if (!"HTTP/1.1".startsWith(text))
    throw new Error(`not HTTP: ${JSON.stringify(bytes.toString("latin1", 0, 80))}`);
}
