/**
 * Every path that a server answers, by what is there. `PROTOCOL.md` says what each of them does. The routes of the apps
 * repeat them, because a route without its path cannot be read; `pnpm parity` compares the two.
 */
export const paths = {
  page: "/",
  greet: "/greet",
  servers: "/servers.json",
  health: "/healthz",
  metrics: "/metrics",
  echo: "/echo",
  application: "/ws",
  events: "/events",
  poll: "/poll",
} as const;

/** A path that a server answers. */
export type ServedPath = (typeof paths)[keyof typeof paths];
