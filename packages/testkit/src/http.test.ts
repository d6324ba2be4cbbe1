import { expect, test } from "vitest";
import { headerList, ResponseReader } from "./http.ts";

/** Reads a response that arrives in pieces of this many bytes. */
function read(text: string, size: number, method?: string): ResponseReader {
  const reader = new ResponseReader(method);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader;
}

const responses: [string, string, string, string][] = [
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP", "abc", "HTTP"],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\nrest",
    "abc",
    "rest",
  ],
  ["no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nrest", "", "rest"],
  ["a 101", "HTTP/1.1 101 Switching Protocols\r\n\r\n\u0081\u0000", "", "\u0081\u0000"],
  [
    "103 before",
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    "a",
    "",
  ],
];

test.each(responses)("a response with %s reads the same however it is cut", (_name, text, body, rest) => {
  for (let size = 1; size <= text.length; size++) {
    const reader = read(text, size);
    expect(reader.complete).toBe(true);
    expect(reader.takeBody().toString()).toBe(body);
    expect(reader.rest.toString()).toBe(rest);
  }
});

test("a body without a length ends with the connection", () => {
  const reader = read("HTTP/1.1 200 OK\r\n\r\nabc", 4);
  expect(reader.complete).toBe(false);
  reader.end();
  expect(reader.complete).toBe(true);
  expect(reader.takeBody().toString()).toBe("abc");
});

test("the answer to HEAD has no body", () => {
  expect(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", 5, "HEAD").complete).toBe(true);
});

test("bytes that are not HTTP are an error", () => {
  expect(() => read("hello\r\n\r\n", 100)).toThrow('not an HTTP response: "hello"');
});

test("changes to headers replace, repeat or leave out defaults, and a list replaces all of them", () => {
  const defaults = [["Host", "a"] as const, ["Upgrade", "websocket"] as const];
  expect(headerList(defaults, { host: ["b", "c"], upgrade: undefined })).toEqual([
    ["host", "b"],
    ["host", "c"],
  ]);
  expect(headerList(defaults, [["x", "y"]])).toEqual([["x", "y"]]);
});
