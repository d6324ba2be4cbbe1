import { Close } from "@rosetta/protocol";
import { expect, test } from "vitest";
import {
  closeText,
  type Ending,
  isOnWire,
  isSendableCode,
  knownCodes,
  likelyCause,
  policyText,
} from "./closing.ts";

/** An end that was nobody's wish, of a connection that was in use. */
function ending(ending: Partial<Ending>): Ending {
  return { code: 1006, opened: true, byPage: false, agreed: false, idleMs: 5, ...ending };
}

test("a known code has a name and a meaning, an unknown one stands for itself", () => {
  expect(closeText(1012)).toBe("1012 Restart: the server restarts");
  expect(closeText(4321)).toBe("4321");
});

test("a page may send 1000 and the codes that are free for applications", () => {
  expect([1000, 3000, 4999].every(isSendableCode)).toBe(true);
  expect([999, 1001, 1006, 2999, 5000, 3000.5, Number.NaN].some(isSendableCode)).toBe(false);
});

test("every code of the protocol can be explained, in order", () => {
  expect(knownCodes).toEqual(knownCodes.toSorted((a, b) => a - b));
  expect(Object.values(Close).filter((code) => !knownCodes.includes(code))).toEqual([]);
});

test("three codes are never on the wire", () => {
  expect(knownCodes.filter((code) => !isOnWire(code))).toEqual([1005, 1006, 1015]);
});

test("a lost connection has another likely cause if it never opened, or was silent for long", () => {
  expect(likelyCause(ending({ opened: false }))).toContain("handshake");
  expect(likelyCause(ending({ idleMs: 60_000 }))).toBe(
    "Lost after 60 s without a message, probably by a proxy’s timeout.",
  );
  expect(likelyCause(ending({}))).toContain("killed");
});

test("1000 is no promise, unless somebody asked for it", () => {
  expect(likelyCause(ending({ code: 1000 }))).toContain("prox");
  expect(likelyCause(ending({ code: 1000, agreed: true }))).toBe("It was asked for.");
});

test("an unknown code is explained by its range", () => {
  expect(likelyCause(ending({ code: 4321 }))).toContain("application");
  expect(likelyCause(ending({ code: 3001 }))).toContain("library");
  expect(likelyCause(ending({ code: 1010 }))).toContain("does not know");
});

test("what a client does is the policy of the protocol, with its reason", () => {
  expect(policyText({ code: 1000, agreed: true })).toContain("agreed");
  expect(policyText({ code: 1003, agreed: false })).toMatch(/^stop/);
  expect(policyText({ code: 1012, agreed: false })).toMatch(/^retry, after at least a second/);
  expect(policyText({ code: 1011, agreed: false })).toMatch(/^retry, five/);
  expect(policyText({ code: 4004, agreed: false })).toMatch(/^retry, after/);
});

test("silence explains a lost connection, but not a close that has its own code", () => {
  expect(likelyCause(ending({ idleMs: 30_000 }))).toContain("prox");
  expect(likelyCause(ending({ idleMs: 29_999 }))).not.toContain("prox");
  expect(likelyCause(ending({ code: 4001, idleMs: 60_000 }))).not.toContain("prox");
});

test("a close by this page was asked for", () => {
  expect(likelyCause(ending({ code: 1000, byPage: true }))).toBe("It was asked for.");
  expect(likelyCause(ending({ code: 1001, byPage: true }))).not.toBe("It was asked for.");
});

test("the ranges begin at their first code", () => {
  expect(likelyCause(ending({ code: 4000 }))).toContain("application");
  expect(likelyCause(ending({ code: 3000 }))).toContain("library");
  expect(likelyCause(ending({ code: 2999 }))).toContain("does not know");
});
