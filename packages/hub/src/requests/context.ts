import { isSame, type Repeatable } from "../delivery/clients.ts";
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
