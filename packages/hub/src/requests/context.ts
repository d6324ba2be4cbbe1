import type { ServerMessage } from "@rosetta/protocol";
import { isSame, type Repeatable } from "../delivery/clients.ts";
import { Refused } from "../delivery/log.ts";
import type { Services } from "../services.ts";
import { type Caller, refuse } from "./caller.ts";

/** Everything that the handler of a request works with. */
export interface Context<Ws> extends Caller<Ws> {
  readonly services: Services<Ws>;
}

/** True if the request was seen before: it is answered again, or will be, and must have no second effect. */
export function answeredBefore<Ws>({ services, session, client }: Context<Ws>, message: Repeatable): boolean {
  const known = services.clients.answerTo(client, message.id);
  if (!known) return false;
  if (!isSame(known, message)) refuse(session, message.id, "conflict", "this id had another body");
  else if (known.place) session.send({ type: "ack", re: message.id, ...known.place });
  return true;
}

/** Tells the author of a request that it had no effect, because the log or the other servers did not take it. */
export function notDone<Ws>({ services, client }: Context<Ws>, re: string, error: unknown): void {
  services.failed(error);
  services.clients.forgetAnswer(client, re);
  const refusal = error instanceof Refused ? error : new Refused("unavailable", "not stored");
  services.guard(() => client.session?.send(errorOf(re, refusal)));
}

/** Returns the reply to a request that others did not take. */
export function errorOf(re: string, { code, message, retryAfterMs }: Refused): ServerMessage<"error"> {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { type: "error", re, code, message, ...wait };
}
