import type { FrameEvent } from "@rosetta/client";
import { causeOf, causes } from "../shared/age.ts";
import { scriptOfPage } from "../shared/page-script.ts";
import { baseOf } from "../shared/servers.ts";
import type { ReaderNews, ReaderOrder, ReaderReport, ReaderTopics } from "./reader-messages.ts";

/** A client in a thread of its own, which can be blocked while the rest of the page goes on. */
export class WorkerReader {
  /** It follows its topics, and an event has come in the one of mode `latest`: within about a second. */
  readonly ready: Promise<void>;
  readonly #worker = new Worker(new URL("./stalled.ts", import.meta.url), { type: "module" });

  constructor(
    url: string,
    topics: ReaderTopics,
    listeners: { report(report: ReaderReport): void; frame(frame: FrameEvent): void },
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#worker.onerror = async () => {
      const cause = await causeOf(baseOf(location.href), scriptOfPage());
      reject(new Error(cause === "older" ? causes.older : "the reader's worker did not start"));
    };
    this.#worker.onmessage = ({ data }: MessageEvent<ReaderNews>) => {
      if ("frame" in data) return listeners.frame(data.frame);
      listeners.report(data.report);
      if (data.report.isReady) resolve();
    };
    this.#order({ follow: { url, ...topics } });
  }

  /** Blocks its thread for so long: it reads nothing, and answers nothing. */
  stall(stallMs: number): void {
    this.#order({ stallMs });
  }

  /** Ends its connection, too: a thread that is blocked cannot be asked. */
  dismiss(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
  }

  #order(order: ReaderOrder): void {
    this.#worker.postMessage(order);
  }
}
