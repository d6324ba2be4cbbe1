// What other packages may use.

export { allCases, type Group, groupOf, groups } from "./cases/index.ts";
export type { Case } from "./model/case.ts";
export type { Result } from "./model/result.ts";
export {
  caseReport,
  count,
  type Report,
  type ResultReport,
  resultReport,
  thisTool,
} from "./report/report.ts";
export { ClientGone, type ClientRunOptions, runClient } from "./run/client-run.ts";
export { type DriveOptions, drive } from "./run/drivers/drive.ts";
export { NoEcho } from "./run/lifeline.ts";
export { type ServeOptions, type Serving, serveConformance } from "./run/serve.ts";
export { type RunOptions, runConformance } from "./run/server-run.ts";
export { ServerGone } from "./run/server-watch.ts";
export { inflateOf } from "./wire/deflate.ts";
export {
  type CloseInfo,
  decodeClose,
  encodeClose,
  encodeFrame,
  type Frame,
  FrameDecoder,
  type FrameToSend,
  Opcode,
  ProtocolError,
  randomMask,
} from "./wire/frames.ts";
export { acceptOf, HandshakeError, handshakeProblem } from "./wire/handshake.ts";
export { type Message, MessageAssembler } from "./wire/messages.ts";
export { ConnectError } from "./wire/tcp.ts";
