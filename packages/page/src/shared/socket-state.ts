import type { SocketState } from "@rosetta/client";

/** The names of a connection's states. */
export type StateName = SocketState["name"];

/** A state that ends with the next attempt. */
export type WaitState = Extract<SocketState, { untilAt: number }>;

/** Returns whether the next attempt starts by itself. */
export function isWait(state: SocketState): state is WaitState {
  return "untilAt" in state;
}
