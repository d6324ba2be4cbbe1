export { clientAddress, isLoopback } from "./address.ts";
export {
  admit,
  admitAgain,
  chooseSubprotocol,
  commonHeaders,
  type DoorPolicy,
  type Endpoint,
  echoStop,
  endpoints,
  isEndpoint,
  isHeld,
  isStream,
  type Load,
  type Refusal,
} from "./admission.ts";
export { Close, type CloseName, type ClosePolicy, closeName, closePolicy } from "./close.ts";
export { encode, type Parsed, type Problem, parseClient, parseServer, requestId } from "./codec.ts";
export {
  contentSecurityPolicy,
  type Defaults,
  type Environment,
  type Exposable,
  readEnvironment,
  type Settings,
  type Sibling,
  usualOrigins,
} from "./environment.ts";
export { bounds, defaultLimits, type Limits, secondMs, silenceMs } from "./limits.ts";
export {
  type Audience,
  ClientMessage,
  type Cursor,
  type ErrorCode,
  type EventData,
  type Mode,
  replyTypes,
  ServerMessage,
  subprotocol,
} from "./messages.ts";
export { parseOrigin, urlOf } from "./origin.ts";
export { paths, type ServedPath } from "./paths.ts";
export {
  parseRedisUrl,
  type RedisAddress,
  type RedisHost,
  type RedisLogin,
  shownRedisUrl,
} from "./redis-url.ts";
export {
  type IncomingRequest,
  oncePerRequest,
  originForm,
  parseRequest,
  pathOf,
  queryOf,
  type RequestFacts,
} from "./request.ts";
