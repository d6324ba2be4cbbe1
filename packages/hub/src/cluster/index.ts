// What a package needs that joins several servers to one application: `@rosetta/hub/cluster`.

export {
  type Draft,
  type Entry,
  type Kept,
  keep,
  type Log,
  type Place,
  Refused,
  type Replay,
  type RequestMark,
} from "../delivery/log.ts";
export { MemoryLog } from "../delivery/memory-log.ts";
export { Rings, replayFrom, ring, type TopicLife } from "../delivery/rings.ts";
export {
  type Cancellation,
  type Claim,
  type Claimant,
  type Cluster,
  type ClusterEvents,
  outcomeRank,
  presenceRoomOf,
  type Roster,
} from "./cluster.ts";
