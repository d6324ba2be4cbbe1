import { closeName } from "@rosetta/protocol";

// What a code means to a reader; the names are those of `Close`, which a program goes by.
const meanings = new Map<number, string>([
  [1000, "the end, as agreed"],
  [1001, "the other side goes away"],
  [1002, "the other side saw a breach of the protocol"],
  [1003, "this kind of data is not spoken here"],
  [1005, "closed without a code; 1005 stands for its absence"],
  [1006, "the connection was lost without a goodbye"],
  [1007, "text that is not UTF-8"],
  [1009, "a message was too big"],
  [1011, "an error inside of the server"],
  [1012, "the server restarts"],
  [1013, "the server has too much to do"],
  [4001, "the other side was silent for too long"],
  [4002, "this side reads too slowly"],
  [4003, "too many messages"],
  [4004, "no hello in time"],
  [4500, "messages that could not be read"],
  [4509, "another connection took this one's place"],
]);

/** A close code in words: `1012 Restart: the server restarts`. Unknown codes stand for themselves. */
export function closeText(code: number): string {
  const name = closeName(code);
  const meaning = meanings.get(code);
  return [name ? `${code} ${name}` : String(code), meaning].filter(Boolean).join(": ");
}

/** True if a browser may send this code: 1000, or one that is free for applications (WebSockets §3.1, `close`). */
export function isSendableCode(code: number): boolean {
  return Number.isInteger(code) && (code === 1000 || (code >= 3000 && code <= 4999));
}
