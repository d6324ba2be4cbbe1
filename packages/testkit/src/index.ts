export { Conversation, type RequestToSend } from "./conversation.ts";
export {
  different,
  type Event,
  from,
  memberOf,
  offsetsOf,
  publish,
  seconds,
  textsOf,
} from "./events.ts";
export { errorAt, failure, hideFrames } from "./failure.ts";
export {
  declaredOf,
  describeFound,
  type Found,
  type FuzzOptions,
  type FuzzReport,
  fuzz,
} from "./fuzz/fuzz.ts";
export { type Played, play } from "./fuzz/play.ts";
export type { Script, ScriptContext, ScriptEnding } from "./fuzz/script.ts";
export {
  type Attack,
  babble,
  brokenFrames,
  flood,
  type HostileServer,
  reservedClose,
  startHostile,
  unknownOpcode,
} from "./hostile-server.ts";
export {
  type HeaderChanges,
  type HeaderList,
  headerList,
  type RawAnswer,
  type ResponseHead,
  ResponseReader,
  requestHead,
} from "./http.ts";
export { type Await, defaultDeadlineMs, Inbox, within } from "./inbox.ts";
export { Ports } from "./ports.ts";
export { type Holding, holdingOf, type ProcessExit } from "./process/index.ts";
export { Raw, type RequestOptions, type UpgradeOptions } from "./raw.ts";
export {
  type Closed,
  describeFrame,
  type FrameFilter,
  type MessageConsumer,
  RawSocket,
} from "./raw-socket.ts";
export { type MetricSample, metric, samplesOf } from "./read-metrics.ts";
export {
  describeExit,
  type Ready,
  Server,
  ServerError,
  type ServerPlan,
  warm,
} from "./server.ts";
export { startSiblings } from "./siblings.ts";
export { RawEventStream, type StreamEvent } from "./stream.ts";
export { TcpConnection, type TcpEnd, type TcpOptions } from "./tcp-connection.ts";
