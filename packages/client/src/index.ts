// The public face of the client, in two layers: `ReconnectingSocket` knows sockets, `Client` knows the protocol.
export { type Backoff, defaultBackoff, retryWindow } from "./backoff.ts";
export {
  type AppRequest,
  Client,
  type ClientEvents,
  type ClientFrame,
  type ClientOptions,
} from "./client.ts";
export type { ClientProblem } from "./emitter.ts";
export type { HeartbeatTimes } from "./heartbeat.ts";
export { defaultHost, type Host, type HostEvent, type SocketConstructor, type SocketLike } from "./host.ts";
export { RequestError } from "./requests.ts";
export {
  type Advice,
  type CloseFrame,
  type FrameEvent,
  ReconnectingSocket,
  type SendResult,
  type SocketEvents,
  type SocketOptions,
  type SocketState,
  type Wait,
} from "./socket.ts";
export type { Subscription, TopicState } from "./subscriptions.ts";
