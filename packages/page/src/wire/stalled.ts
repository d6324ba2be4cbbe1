// The thread of a `WorkerReader`: a worker that can block itself. Then nobody takes its messages; when there are many, the
// browser stops reading, and TCP tells the server.
import "../shared/jitless.ts";
import { Client, type ClientFrame } from "@rosetta/client";
import {
  OffsetRuns,
  type ReaderNews,
  type ReaderOrder,
  type ReaderReport,
  type ReaderTopics,
} from "./reader-messages.ts";

/** Milliseconds between two reports while events come in. */
const reportMs = 100;

const runs = new OffsetRuns();
let report: Omit<ReaderReport, "runs"> = {
  state: "idle",
  connections: 0,
  code: undefined,
  recovered: undefined,
  skipped: 0,
  isReady: false,
  isStalled: false,
};
let newest: number | undefined;
let isDue = false;

addEventListener("message", ({ data }: MessageEvent<ReaderOrder>) => {
  if ("follow" in data) follow(data.follow);
  else stall(data.stallMs);
});

function follow({ url, flood, latest }: { url: string } & ReaderTopics): void {
  const client = new Client(url);
  client.on("problem", () => {});
  client.on("frame", (frame) => {
    // The flood itself stays here: it would push everything else out of the wire log.
    if (!isEventOf(flood, frame)) tell({ frame });
    if (frame.kind === "close") closed(frame.code);
  });
  client.on("state", ({ name }) => change({ state: name }));
  client.subscribe(
    flood,
    ({ offset }) => {
      runs.add(offset);
      soon();
    },
    ({ recovered }) =>
      change({
        connections: report.connections + 1,
        recovered,
        isReady: latest === undefined || newest !== undefined,
      }),
  );
  const onNewest = ({ offset }: { offset: number }): void => {
    if (newest === undefined) change({ isReady: true });
    else if (offset > newest + 1) change({ skipped: report.skipped + offset - newest - 1 });
    newest = offset;
  };
  if (latest !== undefined) client.subscribe(latest, onNewest);
  client.open();
}

function isEventOf(topic: string, frame: ClientFrame): boolean {
  return frame.kind === "text" && frame.message?.type === "event" && frame.message.topic === topic;
}

function closed(code: number | undefined): void {
  runs.cut();
  // Without a connection the reader misses events, but no server skips them.
  newest = undefined;
  change({ code: code ?? 1005, isReady: false });
}

function stall(ms: number): void {
  runs.clear();
  change({ connections: 1, code: undefined, recovered: undefined, skipped: 0, isStalled: true });
  block(ms);
  change({ isStalled: false });
}

/** Does nothing, and lets nobody else do anything in this thread. */
function block(ms: number): void {
  try {
    // Sleeps. A plain SharedArrayBuffer would need a page that is isolated from other origins.
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    Atomics.wait(new Int32Array(buffer), 0, 0, ms);
  } catch {
    // Where even that is not to be had: works hard at nothing.
    const until = performance.now() + ms;
    while (performance.now() < until);
  }
}

function change(news: Partial<typeof report>): void {
  report = { ...report, ...news };
  tell({ report: { ...report, runs: runs.all } });
}

function soon(): void {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    change({});
  }, reportMs);
}

function tell(news: ReaderNews): void {
  postMessage(news);
}
