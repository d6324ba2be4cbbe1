import type { StateName } from "../../shared/socket-state.ts";

/** A way from one state to another, with what makes a connection take it. */
export interface Edge {
  /** As drawn beside it. */
  number: number;
  from: StateName[];
  to: StateName;
  cause: string;
}

/** Every way there is, but for that of a page that is left: it is idle while the browser keeps it. */
export const edges: Edge[] = [
  { number: 1, from: ["idle"], to: "connecting", cause: "the page is opened" },
  { number: 2, from: ["connecting"], to: "open", cause: "the server says welcome" },
  { number: 3, from: ["connecting"], to: "waiting", cause: "refused, or no answer in time" },
  { number: 4, from: ["waiting"], to: "connecting", cause: "the wait is over, or Retry now" },
  { number: 5, from: ["open"], to: "waiting", cause: "lost, or closed with a code that allows a retry" },
  {
    number: 6,
    from: ["open", "waiting", "connecting", "offline"],
    to: "stopped",
    cause: "Close, or a code that is final",
  },
  { number: 7, from: ["stopped"], to: "connecting", cause: "Open" },
  {
    number: 8,
    from: ["offline"],
    to: "connecting",
    cause: "the network is back, the wait is over, or Retry now",
  },
  {
    number: 9,
    from: ["waiting", "open", "connecting"],
    to: "offline",
    cause: "the browser reports that there is no network",
  },
];

/** Returns the way that leads from one state to another, if it is drawn. */
export function edgeBetween(from: StateName, to: StateName): Edge | undefined {
  return edges.find((edge) => edge.to === to && edge.from.includes(from));
}
