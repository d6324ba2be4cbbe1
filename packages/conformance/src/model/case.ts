// All kinds of cases.

import type { AnswerCase } from "./answer-case.ts";
import type { FrameCase } from "./frame-case.ts";
import type { OpeningCase } from "./opening-case.ts";

/** The cases that can judge a server. */
export type ServerCase = FrameCase | OpeningCase;
/** The cases that can judge a client. */
export type ClientCase = FrameCase | AnswerCase;
/** Any case. */
export type Case = ServerCase | ClientCase;

/** Returns whether a case can judge a server. */
export function isForServers(each: Case): each is ServerCase {
  return each.peer !== "client";
}

/** Returns whether a case can judge a client. */
export function isForClients(each: Case): each is ClientCase {
  return each.kind !== "opening" && each.peer !== "server";
}
