/** Something that went over the wire between a client and a server. */
export interface RecordedCrossing {
  step: "connect" | "join" | "say" | "ping";
  from: "client" | "server";
  kind: "http" | "text" | "ping" | "pong" | "other";
  text: string;
  /** With the header of the frame or of HTTP. */
  bytes: number;
}
