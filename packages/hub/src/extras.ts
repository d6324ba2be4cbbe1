import type { ClientMessage } from "@rosetta/protocol";
import type { Soon } from "./cluster/soon.ts";
import { type Caller, refuse } from "./requests/caller.ts";

/** The work of a server besides its rooms. A hub without it refuses the requests that it would answer. */
export interface Extras<Ws> {
  /** Handles a request to start a job. */
  start(caller: Caller<Ws>, message: ClientMessage<"start">): Soon<void>;
  /** Handles a request to cancel a job. */
  cancel(caller: Caller<Ws>, message: ClientMessage<"cancel">): Soon<void>;
  /** Handles a request to fail on purpose. */
  chaos(caller: Caller<Ws>, message: ClientMessage<"chaos">): Soon<void>;
  /** Called when the server listens. Returns a function that ends everything, for the beginning of a shutdown. */
  begin(): () => void;
  /** Called when a client is forgotten: nobody can ask any more for what it has started. `client` is its key. */
  forgotten(client: string): void;
  /** Called when a job here was cancelled at another server, or counts as failed. */
  dropped(topic: string): void;
}

/** The extras of a hub that is created without any. */
export const noExtras: Extras<unknown> = {
  start: ({ session }, { id }) => refuse(session, id, "forbidden", "there are no jobs here"),
  cancel: ({ session }, { id }) => refuse(session, id, "not_found", "no such job is running"),
  chaos: ({ session }, { id }) => refuse(session, id, "forbidden", "chaos is not allowed here"),
  begin: () => () => {},
  forgotten: () => {},
  dropped: () => {},
};
