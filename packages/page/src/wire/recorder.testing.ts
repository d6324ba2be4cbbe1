// Wire logs for tests.

import type { FrameEvent } from "@rosetta/client";
import { WireRecorder } from "./recorder.ts";

/** Returns the event of a received text. */
export function text(data: string): FrameEvent {
  return { direction: "in", at: 0, kind: "text", data };
}

/** Returns a log of texts received over `/ws` of one server. */
export function recorderOf(...texts: string[]): WireRecorder {
  const recorder = new WireRecorder();
  for (const data of texts) recorder.record("express-ws", "/ws", text(data));
  return recorder;
}
