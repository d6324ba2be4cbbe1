import { expect, test } from "vitest";
import { hear } from "./heard.ts";

const greet = "GET /greet HTTP/1.1\r\nHost: a\r\n\r\n";
const withHead = (lines: string, body = "") => `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n${body}`;

/** Describes what a text begins with: for a request its target, the size of its body and the text after it. */
function heardIn(text: string): string {
  const heard = hear(Buffer.from(text, "latin1"), 0);
  if (heard.kind !== "request") return heard.kind;
  const { url, bodyBytes, end } = heard.request;
  return `${url} ${bodyBytes} ${text.slice(end)}`;
}

test.each([
  [greet + greet, `/greet 0 ${greet}`],
  [withHead("Content-Length: 3", "abcGET"), "/ 3 GET"],
  [withHead("Transfer-Encoding: chunked", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET"), "/ 3 GET"],
  [withHead("X: \xff\t, b"), "/ 0 "],
])("a strict reader hears the request of %j", (text, expected) => {
  expect(heardIn(text)).toBe(expected);
});

test.each([
  ["", "nothing"],
  ["GET /gr", "begun"],
  [greet.slice(0, -2), "begun"],
  [withHead("Content-Length: 3", "ab"), "begun"],
  [withHead("Transfer-Encoding: chunked", "2\r\nab"), "begun"],
  [withHead("Transfer-Encoding: chunked", "0\r\n"), "begun"],
])("a strict reader waits for more after %j", (text, expected) => {
  expect(heardIn(text)).toBe(expected);
});

// RFC 9112 §2.2, §5, §6.3, §11.2.
test.each([
  "GET /greet\r\n\r\n",
  "GET  /greet HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /gr\xe9et HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /greet HTTP/2.0\r\nHost: a\r\n\r\n",
  "GET /greet HTTP/1.1\nHost: a\n\n",
  "\r\nGET /greet HTTP/1.1\r\nHost: a\r\n\r\n",
  withHead("X : a"),
  withHead("X: a\r\n folded"),
  withHead("X: a\0b"),
  withHead("no colon"),
  withHead("Content-Length: +3", "abc"),
  withHead("Content-Length: 3\r\nContent-Length: 3", "abc"),
  withHead("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
  withHead("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
  withHead("Transfer-Encoding: chunked", "g\r\n"),
  withHead("Transfer-Encoding: chunked", "2;x=y\r\nab\r\n0\r\n\r\n"),
  withHead("Transfer-Encoding: chunked", "2\r\nabcd\r\n0\r\n\r\n"),
  withHead(`X: ${"a".repeat(9_000)}`),
])("a strict reader does not guess what %j means", (text) => {
  expect(heardIn(text)).toBe("doubtful");
});
