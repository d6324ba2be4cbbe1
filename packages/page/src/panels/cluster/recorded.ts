import type { HeardNumber, RoomVisit } from "./model.ts";

const from = (server: string, first: number, last: number): HeardNumber[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ number: first + index, server }));

/** A visit under `pnpm dev --cluster`, as it was once, to be shown until somebody has entered the room. */
export const recorded: RoomVisit = {
  heard: [...from("hono-node", 1, 12), ...from("fastify-ws", 13, 27)],
  moves: [{ from: "hono-node", to: "fastify-ws", awayMs: 658, after: 12, next: 13 }],
  summary: { received: 27, missing: 0, twice: 0, epochs: 1 },
};
