// Every case, by group.

import type { Case } from "../model/case.ts";
import type { CaseHead } from "../model/case-head.ts";
import { closing } from "./closing.ts";
import { compression } from "./compression.ts";
import { confirmation } from "./confirmation.ts";
import { control } from "./control.ts";
import { delivery } from "./delivery.ts";
import { fragmentation } from "./fragmentation.ts";
import { framing } from "./framing.ts";
import { answers } from "./handshake-answers.ts";
import { negotiation } from "./negotiation.ts";
import { opening } from "./opening.ts";
import { reservedBits, reservedOpcodes } from "./reserved.ts";
import { size } from "./size.ts";
import { utf8 } from "./utf8.ts";

/** Cases about one part of the protocol. Where Autobahn has the same part, the numbers are the same. */
export interface Group {
  /** The prefix of its cases' ids. */
  number: number;
  /** One word for `--only`. */
  name: string;
  title: string;
  cases: readonly Case[];
  /** True if the group is about permessage-deflate, for a server that has it switched on. */
  compressed?: true;
}

/** All groups, in order. */
export const groups: readonly Group[] = [
  { number: 1, name: "framing", title: "Frames: lengths and masks", cases: framing },
  { number: 2, name: "control", title: "Control frames: ping and pong", cases: control },
  { number: 3, name: "bits", title: "Reserved bits", cases: reservedBits },
  { number: 4, name: "opcodes", title: "Reserved opcodes", cases: reservedOpcodes },
  { number: 5, name: "fragmentation", title: "Messages in fragments", cases: fragmentation },
  { number: 6, name: "utf8", title: "Text is UTF-8", cases: utf8 },
  { number: 7, name: "closing", title: "The closing handshake", cases: closing },
  { number: 8, name: "delivery", title: "Frames in TCP's pieces", cases: delivery },
  { number: 9, name: "size", title: "Large messages, and many", cases: size },
  { number: 10, name: "opening", title: "The opening handshake", cases: opening },
  {
    number: 11,
    name: "answers",
    title: "Clients: the request, the answer, the masking keys",
    cases: answers,
  },
  {
    number: 12,
    name: "negotiation",
    title: "Compression: what is agreed on (RFC 7692 §7.1)",
    cases: [...negotiation, ...confirmation],
    compressed: true,
  },
  {
    number: 13,
    name: "compression",
    title: "Compression: messages (RFC 7692 §6 and §7.2)",
    cases: compression,
    compressed: true,
  },
];

/** Every case, in the order of the groups. */
export const allCases: readonly Case[] = groups.flatMap(({ cases }) => cases);

/** Returns the group of a case. */
export function groupOf({ id }: Pick<CaseHead, "id">): Group {
  const number = Number(id.split(".", 1)[0]);
  const group = groups.find((each) => each.number === number);
  if (!group) throw new Error(`case ${id} has no group`);
  return group;
}

/** Returns whether a case is about compression, and so needs a server that has it switched on. */
export function isCompressed(each: Case): boolean {
  return groupOf(each).compressed ?? false;
}
