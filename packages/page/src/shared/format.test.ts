import { expect, test } from "vitest";
import {
  byteLength,
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
  hexView,
  prettyText,
  sameData,
  textOfBytes,
} from "./format.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [3 * 1024 * 1024, "3 MiB"],
])("%i bytes are written as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.84, "0.8 ms"],
  [12.4, "12 ms"],
  [1400, "1.4 s"],
])("%d milliseconds are written as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("a time has all its digits", () => {
  expect(formatTime(new Date(2026, 10, 22, 4, 3, 7, 45).getTime())).toBe("04:03:07.045");
});

test("a text is as long as its UTF-8", () => {
  expect(byteLength("ῥῆμα")).toBe(10);
  expect(byteLength(new Uint8Array(3))).toBe(3);
});

test("a hex view shows offset, bytes and characters, the last line filled up", () => {
  const bytes = new TextEncoder().encode("ping\n pong");
  expect(hexView(bytes)).toBe(
    "0000  70 69 6e 67 0a 20 70 6f  ping· po\n" + "0008  6e 67                    ng",
  );
  expect(hexView(new Uint8Array())).toBe("");
});

test("JSON is spread over lines, other text is left alone", () => {
  expect(prettyText('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyText("stop")).toBe("stop");
});

test("text and bytes are never the same, even if they look alike", () => {
  expect(sameData("a", "a")).toBe(true);
  expect(sameData(new Uint8Array([1, 2]), new Uint8Array([1, 2]))).toBe(true);
  expect(sameData(new Uint8Array([1, 2]), new Uint8Array([1, 3]))).toBe(false);
  expect(sameData(new Uint8Array([1, 2]), new Uint8Array([1, 2, 3]))).toBe(false);
  expect(sameData("a", new Uint8Array([97]))).toBe(false);
});

test("values switch to the next unit exactly at its size", () => {
  expect(formatBytes(1024 * 1024)).toBe("1 MiB");
  expect(formatDuration(1000)).toBe("1 s");
  expect(formatDuration(12.6)).toBe("13 ms");
});

test("only visible characters are shown beside the bytes", () => {
  expect(hexView(Uint8Array.of(0x1f, 0x20, 0x21, 0x7e, 0x7f, 0x80))).toMatch(/· !~··$/);
});

test("a byte order mark is content, and invalid UTF-8 is visible", () => {
  expect(textOfBytes(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  expect(textOfBytes(Uint8Array.of(0x61, 0xff))).toBe("a\ufffd");
});

test("bytes are not the text of their numbers", () => {
  expect(sameData("97", Uint8Array.of(97))).toBe(false);
  expect(sameData(Uint8Array.of(97), "97")).toBe(false);
});

test("a noun has an s, unless there is one", () => {
  expect([0, 1, 2].map((count) => formatCount(count, "event"))).toEqual(["0 events", "1 event", "2 events"]);
});
