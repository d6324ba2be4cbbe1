import type { Mutant } from "../mutant.ts";

function unit(name: string, ...tests: string[]): Pick<Mutant, "file" | "tests"> {
  return {
    file: `packages/conformance/src/${name}.ts`,
    tests: tests.map((test) => `packages/conformance/${test}.test.ts`),
  };
}

/** Mistakes in the judge of servers and clients, and in the cases that it plays. */
export const conformance: Mutant[] = [
  {
    ...unit("judge/judge", "src/judge/judge"),
    search:
      'if (failing && observation.wentOn)\n    return fail("the peer did not fail the connection: it answered a later ping");',
    replace: "",
    why: "a peer that went on",
  },
  {
    ...unit("judge/judge", "src/judge/judge"),
    search: 'return isLastAnswered(expected, asked) ? compare(expected, asked, equal) : "other";',
    replace: 'return compare(expected, asked, equal) === "other" ? "other" : "all";',
    why: "an unsolicited pong excuses a missing one",
  },
  {
    ...unit("judge/judge", "src/judge/judge"),
    search: "if (allowed.atOnce && !observation.atOnce)",
    replace: "if (allowed.atOnce && observation.atOnce === false)",
    why: "a late reaction is accepted",
  },
  {
    ...unit("judge/judge", "src/judge/judge"),
    search: 'if (codes.includes(close.code) && !peerClosedFirst) return { verdict: "pass" };',
    replace: 'if (codes.includes(close.code)) return { verdict: "pass" };',
    why: "a close frame that came first counts as an answer",
  },
  {
    ...unit("judge/judge", "src/judge/judge"),
    search: "if (new Set(numbers).size === 1)",
    replace: "if (new Set(numbers).size === 0)",
    why: "a constant masking key is not noticed",
  },
  {
    ...unit("play/endpoint", "src/play/endpoint"),
    search: "if (this.close && frame.opcode !== Opcode.Pong) {",
    replace: "if (this.close && frame.opcode === Opcode.Close) {",
    why: "a late echo after the close frame is accepted",
  },
  {
    ...unit("play/endpoint", "src/play/endpoint"),
    search: '      masked: role === "server",\n',
    replace: "",
    why: "the masking of the peer is not checked",
  },
  {
    ...unit("play/endpoint", "src/play/endpoint"),
    search: "if (this.#received > this.#options.maxReceived) {",
    replace: "if (this.#received > 2 ** 40) {",
    why: "an endless sender is not cut off",
  },
  {
    ...unit("wire/frames", "src/wire/frames", "src/play/endpoint"),
    search: "![1005, 1006, 1015].includes(code)",
    replace: "![1005, 1006].includes(code)",
    why: "1015 on the wire is accepted",
  },
  {
    ...unit("wire/frames", "src/wire/frames", "src/play/endpoint"),
    search: 'new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })',
    replace: 'new TextDecoder("utf-8", { fatal: true })',
    why: "a byte order mark is swallowed",
  },
  {
    ...unit("wire/frames", "src/wire/frames", "src/play/endpoint"),
    search: "if (minimalLengthBytes(length) !== headerBytes - 2) {",
    replace: "if (false) {",
    why: "a length may take more bytes than it needs",
  },
  {
    ...unit("wire/frames", "src/wire/frames", "src/play/endpoint"),
    search: 'if (!flags.fin) throw new ProtocolError("a fragmented control frame (RFC 6455 §5.5)");',
    replace: "",
    why: "a control frame may be fragmented",
  },
  {
    ...unit("wire/messages", "src/wire/messages", "src/play/endpoint"),
    search: "if (frame.opcode !== Opcode.Continuation && this.#opcode !== undefined) {",
    replace: "if (false) {",
    why: "a message may begin inside another",
  },
  {
    ...unit("wire/messages", "src/wire/messages", "src/play/endpoint"),
    search: "    this.#parts = [];\n    if (opcode",
    replace: "    if (opcode",
    why: "a message begins with the one before",
  },
];
