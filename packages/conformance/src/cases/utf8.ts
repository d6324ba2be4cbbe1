import type { FrameCase } from "../model/frame-case.ts";
import {
  awaitPongs,
  binary,
  closes,
  echoes,
  fails,
  failsAtOnce,
  family,
  fragments,
  frame,
  type Member,
  play,
  prose,
  replies,
  send,
  sendCut,
  sendRest,
  sendUpTo,
  settle,
  text,
} from "../model/writing.ts";
import { bytesOf, hex, join, split, unhex } from "../wire/bytes.ts";
import { Opcode } from "../wire/frames.ts";

const delivered = {
  clause: "RFC 6455 §5.6",
  gist: "The payload of a text message is UTF-8. No character may be lost or changed.",
  level: "MUST",
} as const;

const refused = {
  clause: "RFC 6455 §8.1",
  gist: "A text that is not UTF-8 MUST fail the connection, with code 1007 (§7.4.1).",
  level: "MUST",
} as const;

// A code point as UTF-8 in the given number of bytes, even if these are too many or the code point has no UTF-8.
function encodeIn(length: number, codePoint: number): Uint8Array {
  if (length === 1) return Uint8Array.of(codePoint);
  const bytes = new Uint8Array(length);
  let rest = codePoint;
  for (let place = length - 1; place > 0; place--) {
    bytes[place] = 0x80 | (rest & 0x3f);
    rest = Math.floor(rest / 64);
  }
  // As many ones as there are bytes, and a zero.
  bytes[0] = (0xff & ~(0xff >> length)) | rest;
  return bytes;
}

function unicode(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

function finds(autobahn: readonly string[] = []): Pick<Member, "autobahn"> {
  return autobahn.length > 0 ? { autobahn } : {};
}

function comesBack(title: string, data: string | Uint8Array, ...autobahn: string[]): Member {
  return { title, ...finds(autobahn), play: play([send(frame.text(data))], echoes(text(data))) };
}

// Between letters, so that only the bytes are wrong.
function isRefused(title: string, bytes: Uint8Array, ...autobahn: string[]): Member {
  const data = join([bytesOf("a"), bytes, bytesOf("z")]);
  return { title, ...finds(autobahn), play: play([send(frame.text(data))], fails(1007)) };
}

// The first and the last character of each row of the Unicode Standard's Table 3-7.
const borders: readonly (readonly [codePoint: number, ...autobahn: string[]])[] = [
  [0x0, "6.7.1"],
  [0x7f, "6.9.1"],
  [0x80, "6.7.2"],
  [0x7ff, "6.9.2"],
  [0x800, "6.7.3"],
  [0xfff],
  [0x1000],
  [0xcfff],
  [0xd000],
  [0xd7ff, "6.11.1"],
  [0xe000, "6.11.2"],
  [0xffff, "6.9.3", "6.23.7"],
  [0x1_0000, "6.7.4"],
  [0x3_ffff, "6.22.10"],
  [0x4_0000],
  [0xf_ffff, "6.22.32"],
  [0x10_0000],
  [0x10_ffff, "6.9.4", "6.11.4", "6.22.34"],
];

const bordersOfRows = borders.map(([codePoint, ...autobahn], index) => {
  const character = String.fromCodePoint(codePoint);
  const end = index % 2 === 0 ? "first" : "last";
  return comesBack(
    `${unicode(codePoint)}, the ${end} of a range of well-formed UTF-8, comes back`,
    character,
    ...autobahn,
  );
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const lastOfPlanes = range(1, 16).flatMap((plane) => [plane * 0x1_0000 + 0xfffe, plane * 0x1_0000 + 0xffff]);

const noncharacters = [
  comesBack("the noncharacters U+FDD0 to U+FDEF come back", String.fromCodePoint(...range(0xfdd0, 0xfdef))),
  comesBack("the noncharacters U+FFFE and U+FFFF come back", "\ufffe\uffff", "6.22.1", "6.22.2", "6.23.6"),
  comesBack(
    "the noncharacters that end each plane above the first come back",
    String.fromCodePoint(...lastOfPlanes),
    ...range(3, 34).map((number) => `6.22.${number}`),
  ),
];

const untouched = [
  comesBack("a zero byte inside a text is a character and does not end it", "before\0after"),
  comesBack("a byte order mark at the start of a text stays", "\ufefftext"),
  comesBack("a byte order mark alone is a text of one character", "\ufeff"),
  comesBack("U+FFFD, sent as a character, comes back", "\ufffd", "6.11.3", "6.23.5"),
  comesBack("U+FFF9 to U+FFFC come back", "\ufff9\ufffa\ufffb\ufffc", "6.23.1", "6.23.2", "6.23.3", "6.23.4"),
  comesBack("line endings come back unchanged: CR LF, LF, CR, U+0085, U+2028", "a\r\nb\nc\rd\u0085e\u2028f"),
  comesBack("white space at both ends of a text stays", " \t\n text \n\t "),
  comesBack("a letter and its accent are neither composed nor decomposed", "e\u0301 \u00e9 \u1e9b\u0323"),
];

const mixed = "aé€😀 κόσμε";

const whole: Member[] = [
  comesBack(
    "a text of characters of one, two, three and four bytes comes back",
    mixed,
    ...["6.2.1", "6.5.1", "6.5.2", "6.5.3", "6.5.4", "6.5.5", "6.6.2", "6.6.5", "6.6.7", "6.6.9", "6.6.11"],
  ),
  {
    title: "an empty text comes back, as one frame and as three empty fragments",
    autobahn: ["6.1.1", "6.1.2"],
    play: play(
      [send(frame.text()), send(...fragments(Opcode.Text, ["", "", ""]))],
      echoes(text(""), text("")),
    ),
  },
  {
    title: "a text whose first and last fragments are empty comes back",
    autobahn: ["6.1.3"],
    play: play([send(...fragments(Opcode.Text, ["", mixed, ""]))], echoes(text(mixed))),
  },
  {
    title: "texts with a character of four bytes after 0, 1, 2 … 64 letters come back",
    play: play(
      [send(...range(0, 64).map((count) => frame.text(`${"x".repeat(count)}😀`)))],
      echoes(...range(0, 64).map((count) => text(`${"x".repeat(count)}😀`))),
    ),
  },
];

// One character of each length that can be cut.
const characters = ["é", "€", "😀"].map((character) => {
  const bytes = bytesOf(character);
  return { bytes, words: `a character of ${["two", "three", "four"][bytes.length - 2]} bytes` };
});

// Each way to cut this many bytes into two or more parts, as the places of the cuts.
function waysToCut(length: number): number[][] {
  const places = range(1, length - 1);
  const subsets = range(1, 2 ** places.length - 1);
  return subsets.map((subset) => places.filter((_, index) => subset & (1 << index)));
}

function cutInto(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index]));
}

function after(places: readonly number[]): string {
  return `byte ${places.join(" and byte ")}`.replace(/ and (?=.* and )/g, ", ");
}

const cutByFragments: Member[] = characters.flatMap(({ bytes, words }) =>
  waysToCut(bytes.length).map((places) => {
    const [first = bytes, ...others] = cutInto(bytes, places);
    const last = others.pop() ?? bytes;
    const parts = [join([bytesOf("a"), first]), ...others, join([last, bytesOf("z")])];
    return {
      title: `${words}, cut into fragments after its ${after(places)}, is delivered whole`,
      autobahn: ["6.2.3", "6.2.4"],
      play: play([send(...fragments(Opcode.Text, parts))], echoes(text(join(parts)))),
    };
  }),
);

const longer = mixed.repeat(100);
const [euro, accent] = [bytesOf("€"), bytesOf("é")];

const otherFragments: Member[] = [
  {
    title: "a text in fragments cut between characters comes back",
    autobahn: ["6.2.2"],
    play: play([send(...fragments(Opcode.Text, [...mixed]))], echoes(text(mixed))),
  },
  {
    title: "a text of 2,100 bytes in fragments of one byte comes back",
    autobahn: ["6.2.3", "6.2.4"],
    play: play([send(...fragments(Opcode.Text, split(bytesOf(longer), 1)))], echoes(text(longer))),
  },
  {
    title: "an empty fragment inside a character changes nothing",
    play: play(
      [send(...fragments(Opcode.Text, [euro.subarray(0, 2), "", euro.subarray(2)]))],
      echoes(text(euro)),
    ),
  },
  {
    title: "a ping inside a character is answered and changes nothing",
    play: play(
      [
        send(
          frame.text(euro.subarray(0, 1), { fin: false }),
          frame.ping("é"),
          frame.continuation(euro.subarray(1)),
        ),
      ],
      replies({ messages: [text(euro)], pongs: ["é"] }),
    ),
  },
];

// The ping's answer shows that everything sent with it was read before the rest comes.
const cutByTcp: Member[] = characters.flatMap(({ bytes, words }) =>
  range(1, bytes.length - 1).map((place) => ({
    title: `${words}, cut by TCP after its byte ${place}, is delivered whole`,
    play: play(
      [sendUpTo(place - bytes.length, frame.ping(), frame.text(bytes)), awaitPongs(1), sendRest],
      replies({ messages: [text(bytes)], pongs: [""] }),
    ),
  })),
);

const byteByByte: Member[] = [
  {
    title: "a text of 2,100 bytes that comes byte by byte comes back",
    play: play([sendCut(1, frame.text(longer))], echoes(text(longer))),
  },
];

const stray = [
  ...[0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf].map((byte) =>
    isRefused(
      `the continuation byte ${hex(Uint8Array.of(byte))} without a first byte fails the connection`,
      Uint8Array.of(byte),
      ...({ 128: ["6.12.1"], 191: ["6.12.2"] }[byte] ?? []),
    ),
  ),
  ...characters.map(({ bytes, words }) =>
    isRefused(
      `one continuation byte too many after ${words} fails the connection`,
      join([bytes, Uint8Array.of(0x80)]),
    ),
  ),
  isRefused(
    "all 64 continuation bytes in a row fail the connection",
    Uint8Array.from(range(0x80, 0xbf)),
    ...range(3, 8).map((number) => `6.12.${number}`),
  ),
];

const impossible = [0xc0, 0xc1, ...range(0xf5, 0xff)].map((byte) =>
  isRefused(
    `the byte ${hex(Uint8Array.of(byte))}, which never occurs in UTF-8, fails the connection`,
    Uint8Array.of(byte),
    ...({
      192: ["6.14.1"],
      247: ["6.14.8"],
      248: ["6.13.4", "6.14.4"],
      251: ["6.14.9"],
      252: ["6.13.5", "6.14.5"],
      253: ["6.14.10"],
      254: ["6.16.1", "6.16.3"],
      255: ["6.16.2"],
    }[byte] ?? []),
  ),
);

const largest = [0x7f, 0x7ff, 0xffff, 0x1f_ffff, 0x3ff_ffff];

const overlong = [2, 3, 4, 5, 6].flatMap((length, index) => {
  const last = largest[index] ?? 0;
  const forms = [
    { codePoint: 0x2f, words: "a slash", autobahn: `6.17.${index + 1}` },
    {
      codePoint: last,
      words: `${unicode(last)}, which fits in one byte fewer,`,
      autobahn: `6.18.${index + 1}`,
    },
    { codePoint: 0, words: "a zero", autobahn: `6.19.${index + 1}` },
  ];
  return forms.map(({ codePoint, words, autobahn }) => {
    const bytes = encodeIn(length, codePoint);
    return isRefused(`${words} in ${length} bytes (${hex(bytes)}) fails the connection`, bytes, autobahn);
  });
});

const lone: readonly (readonly [codePoint: number, ...autobahn: string[]])[] = [
  [0xd800, "6.20.1", "6.3.1"],
  [0xdb7f, "6.20.2"],
  [0xdb80, "6.20.3"],
  [0xdbff, "6.20.4"],
  [0xdc00, "6.20.5"],
  [0xdf80, "6.20.6"],
  [0xdfff, "6.20.7"],
];

function pairOf(high: number, low: number, ...autobahn: string[]): Member {
  const bytes = join([encodeIn(3, high), encodeIn(3, low)]);
  const title = `the surrogates ${unicode(high)} and ${unicode(low)}, in three bytes each, fail the connection`;
  return isRefused(title, bytes, ...autobahn);
}

const surrogates = [
  ...lone.map(([codePoint, ...autobahn]) =>
    isRefused(
      `the surrogate ${unicode(codePoint)} in three bytes fails the connection`,
      encodeIn(3, codePoint),
      ...autobahn,
    ),
  ),
  pairOf(0xd800, 0xdc00, "6.21.1", "6.21.2", "6.21.3", "6.21.4"),
  pairOf(0xdbff, 0xdfff, "6.21.5", "6.21.6", "6.21.7", "6.21.8"),
  pairOf(0xdc00, 0xd800),
];

const tooHigh: readonly (readonly [length: number, codePoint: number, ...autobahn: string[]])[] = [
  [4, 0x11_0000, "6.11.5"],
  [4, 0x13_ffff],
  [4, 0x14_0000],
  [4, 0x1f_ffff, "6.10.1"],
  [5, 0x20_0000, "6.8.1"],
  [5, 0x3ff_ffff, "6.10.2"],
  [6, 0x400_0000, "6.8.2"],
  [6, 0x7fff_ffff, "6.10.3"],
];

const aboveUnicode = tooHigh.map(([length, codePoint, ...autobahn]) => {
  const bytes = encodeIn(length, codePoint);
  const title = `0x${codePoint.toString(16)}, above U+10FFFF, in ${length} bytes (${hex(bytes)}) fails the connection`;
  return isRefused(title, bytes, ...autobahn);
});

const truncations: Record<string, readonly string[]> = {
  "2.1": ["6.6.1", "6.6.6", "6.6.8", "6.6.10", "6.14.6"],
  "3.1": ["6.6.3"],
  "3.2": ["6.6.4", "6.14.2", "6.14.7"],
  "4.3": ["6.14.3"],
};

const truncated: Member[] = characters.flatMap(({ bytes, words }) =>
  range(1, bytes.length - 1).map((place) => ({
    title: `a text that ends after byte ${place} of ${words} fails the connection`,
    ...finds(truncations[`${bytes.length}.${place}`]),
    play: play([send(frame.text(join([bytesOf("a"), bytes.subarray(0, place)])))], fails(1007)),
  })),
);

const interruptions: Record<string, readonly string[]> = {
  "2.1": ["6.13.1", "6.15.1"],
  "3.1": ["6.13.2"],
  "4.1": ["6.13.3"],
};

// At each place of a character after its first byte: values below and above the continuation bytes.
const interrupted: Member[] = characters.flatMap(({ bytes, words }) =>
  range(1, bytes.length - 1).flatMap((place) =>
    [
      { byte: Uint8Array.of(0x7f), what: "7f" },
      { byte: accent, what: "another character" },
    ].map(({ byte, what }) =>
      isRefused(
        `${what} instead of byte ${place + 1} of ${words} fails the connection`,
        join([bytes.subarray(0, place), byte, bytes.subarray(place + 1)]),
        ...(interruptions[`${bytes.length}.${place}`] ?? []),
      ),
    ),
  ),
);

// Around the sizes that fast checks read at once, and those of frames and buffers.
const lengths = [
  ...[1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 63, 64, 65, 127, 128, 129],
  ...[4_096, 65_536, 1_048_576],
];

const lastByteWrong: Member[] = lengths.map((length) => ({
  title: `a text of ${length.toLocaleString("en")} ${length === 1 ? "byte, the invalid ff," : "bytes that ends with the invalid ff"} fails the connection`,
  play: (random) => {
    const data = join([bytesOf(prose(length - 1, random)), Uint8Array.of(0xff)]);
    return { steps: [send(frame.text(data))], allowed: fails(1007) };
  },
}));

const lastCharacterShort: Member[] = [8, 16, 32, 64, 128, 65_536].map((length) => ({
  title: `a text of ${length.toLocaleString("en")} bytes that ends inside a character fails the connection`,
  play: (random) => {
    const data = join([bytesOf(prose(length - 2, random)), euro.subarray(0, 2)]);
    return { steps: [send(frame.text(data))], allowed: fails(1007) };
  },
}));

// A message in fragments that has a fault.
function inFragments(title: string, ...parts: (string | Uint8Array)[]): Member {
  return { title, play: play([send(...fragments(Opcode.Text, parts))], fails(1007)) };
}

const faultyFragments: Member[] = [
  inFragments(
    "an invalid byte in the first of three fragments fails the connection",
    unhex("61ff"),
    "b",
    "c",
  ),
  inFragments(
    "an invalid byte in the second of three fragments fails the connection",
    "a",
    unhex("62ff"),
    "c",
  ),
  inFragments("an invalid byte in the last of three fragments fails the connection", "a", "b", unhex("63ff")),
  inFragments("a last fragment that ends inside a character fails the connection", "a", euro.subarray(0, 2)),
  inFragments(
    "a text that ends inside a character, with an empty last fragment, fails the connection",
    euro.subarray(0, 2),
    "",
  ),
  {
    title: "invalid bytes, each in its own fragment, fail the connection",
    autobahn: ["6.3.2"],
    play: play(
      [send(...fragments(Opcode.Text, split(join([bytesOf("κόσμε"), unhex("eda080"), bytesOf("z")]), 1)))],
      fails(1007),
    ),
  },
  {
    title: "a character begun in one message and ended in the next fails the connection",
    play: play([send(frame.text(accent.subarray(0, 1)), frame.text(accent.subarray(1)))], fails(1007)),
  },
];

// The last byte of `bytes` decides. Before it, the text can still be valid.
const faults = [
  { bytes: "80", rest: "", what: "a continuation byte without a first one" },
  { bytes: "fe", rest: "", what: "a byte that never occurs in UTF-8" },
  { bytes: "c0", rest: "af", what: "the first byte of an overlong sequence of two" },
  { bytes: "f5", rest: "808080", what: "the first byte of a sequence above U+10FFFF" },
  { bytes: "e080", rest: "af", what: "the second byte of an overlong sequence of three" },
  { bytes: "eda0", rest: "80", what: "the second byte of a surrogate" },
  { bytes: "f080", rest: "80af", what: "the second byte of an overlong sequence of four" },
  { bytes: "f490", rest: "8080", what: "the second byte of a sequence above U+10FFFF" },
  { bytes: "c328", rest: "", what: "a letter instead of a second byte" },
  { bytes: "e28228", rest: "", what: "a letter instead of a third byte" },
  { bytes: "f09f9828", rest: "", what: "a letter instead of a fourth byte" },
].map(({ bytes, rest, what }) => ({
  deciding: join([bytesOf("κόσμε"), unhex(bytes)]),
  rest: join([unhex(rest), bytesOf("edited")]),
  what,
  long: bytes.length > 2,
}));

const acrossFragments: Member[] = faults
  .filter(({ long }) => long)
  .map(({ deciding, rest, what }) =>
    inFragments(
      `${what}, at the start of its fragment, fails the connection`,
      deciding.subarray(0, -1),
      join([deciding.subarray(-1), rest]),
    ),
  );

const late = "it notices the fault only when the message is complete";
const failFast = {
  ...refused,
  gist: "A text that is not UTF-8 MUST fail the connection. It is best to fail at once, because the rest cannot repair the text.",
};

const failFastInFragments: Member[] = faults.map(({ deciding, rest, what }) => ({
  title: `${what}, in the first of two fragments, fails the connection before the second`,
  ...(what.includes("second byte of a sequence above") && { autobahn: ["6.4.1", "6.4.2"] }),
  play: play(
    [send(frame.text(deciding, { fin: false })), settle, send(frame.continuation(rest))],
    failsAtOnce(1007, late),
  ),
}));

const lateInFrame = "it notices the fault only when the frame is complete";

const failFastInFrame: Member[] = faults.map(({ deciding, rest, what }) => ({
  title: `${what}, in the first half of a frame, fails the connection before the second half`,
  ...(what.includes("second byte of a sequence above") && { autobahn: ["6.4.3", "6.4.4"] }),
  play: play(
    [sendUpTo(-rest.length, frame.text(join([deciding, rest]))), settle, sendRest],
    failsAtOnce(1007, lateInFrame),
  ),
}));

const everyFault = join(faults.flatMap(({ deciding, rest }) => [deciding, rest]));

const binaryMessages: Member[] = [
  {
    title: "a binary message that is not UTF-8 comes back as it was",
    play: play([send(frame.binary(everyFault))], echoes(binary(everyFault))),
  },
  {
    title: "a binary message in fragments that are not UTF-8 comes back as it was",
    play: play([send(...fragments(Opcode.Binary, split(everyFault, 7)))], echoes(binary(everyFault))),
  },
  {
    title: "a text after a binary message that ends inside a character comes back",
    play: play(
      [send(frame.binary(euro.subarray(0, 2)), frame.text("after"))],
      echoes(binary(euro.subarray(0, 2)), text("after")),
    ),
  },
];

const reason = {
  clause: "RFC 6455 §5.5.1, §8.1",
  gist: "The reason of a close frame is UTF-8. Invalid UTF-8 MUST fail the connection.",
  level: "MUST",
} as const;

const rightReasons = [
  { reason: "aé€😀", words: "of characters of one, two, three and four bytes" },
  { reason: "€".repeat(41), words: "of 123 bytes, in characters of three bytes," },
  { reason: "\0", words: "of a zero" },
  { reason: "\ufeff\uffff\u{10ffff}", words: "of a byte order mark and noncharacters" },
].map(
  ({ reason, words }): Member => ({
    title: `a close frame with a reason ${words} is answered`,
    play: play([send(frame.close(1000, reason))], closes(1000)),
  }),
);

const wrongReasons = [
  { bytes: "80", words: "of a stray continuation byte", autobahn: [] },
  { bytes: "ff", words: "of a byte that never occurs in UTF-8", autobahn: [] },
  { bytes: "c0af", words: "of an overlong slash", autobahn: [] },
  { bytes: "e080af", words: "of an overlong slash in three bytes", autobahn: [] },
  { bytes: "eda080", words: "of a surrogate", autobahn: ["7.5.1"] },
  { bytes: "f4908080", words: "above U+10FFFF", autobahn: [] },
  { bytes: "e228a1", words: "with a letter inside a character", autobahn: [] },
  { bytes: "61e282", words: "that ends inside a character", autobahn: [] },
].map(
  ({ bytes, words, autobahn }): Member => ({
    title: `a close frame with a reason ${words} fails the connection`,
    ...finds(autobahn),
    play: play([send(frame.close(1000, unhex(bytes)))], fails([1007, 1002])),
  }),
);

const longReason: Member = {
  title: "a close frame with a reason of 123 bytes, the last of them invalid, fails the connection",
  play: play([send(frame.close(1000, join([bytesOf("x".repeat(122)), unhex("ff")])))], fails([1007, 1002])),
};

/** Text is UTF-8, in messages and in the reasons of close frames. */
export const utf8: readonly FrameCase[] = [
  ...family("6.1", delivered, bordersOfRows),
  ...family("6.2", delivered, noncharacters),
  ...family("6.3", delivered, untouched),
  ...family("6.4", delivered, whole),
  ...family("6.5", { ...delivered, clause: "RFC 6455 §5.4, §5.6" }, [...cutByFragments, ...otherFragments]),
  ...family("6.6", delivered, [...cutByTcp, ...byteByByte]),
  ...family("6.7", refused, stray),
  ...family("6.8", refused, impossible),
  ...family("6.9", refused, overlong),
  ...family("6.10", refused, surrogates),
  ...family("6.11", refused, aboveUnicode),
  ...family("6.12", refused, truncated),
  ...family("6.13", refused, interrupted),
  ...family("6.14", refused, [...lastByteWrong, ...lastCharacterShort]),
  ...family("6.15", refused, [...faultyFragments, ...acrossFragments]),
  ...family("6.16", failFast, failFastInFragments),
  ...family("6.17", failFast, failFastInFrame),
  ...family(
    "6.18",
    { ...delivered, gist: "The payload of a binary message may be any bytes." },
    binaryMessages,
  ),
  ...family("6.19", reason, [...rightReasons, ...wrongReasons, longReason]),
];
