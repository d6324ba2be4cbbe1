import { Client, defaultHost, type FrameEvent, type SocketState } from "@rosetta/client";
import { Cable } from "../../wire/cable.ts";
import { AnswerText, cancelText } from "./model.ts";

/** A reader of the answer, which knows nothing but the name of its topic. */
export class Device {
  readonly text = new AnswerText();
  state: SocketState = { name: "idle" };
  readonly #topic: string;
  readonly #client: Client;
  readonly #cable = new Cable(defaultHost.WebSocket);
  #mending: number | undefined;

  constructor(url: string, topic: string, tap: (frame: FrameEvent) => void, changed: () => void) {
    this.#topic = topic;
    this.#client = new Client(url, { host: { ...defaultHost, WebSocket: this.#cable.WebSocket } });
    this.#client.on("frame", tap);
    this.#client.on("state", (state) => {
      this.state = state;
      changed();
    });
    this.#client.subscribe(topic, ({ data }) => {
      if (data.kind === "chat") this.text.read(data.text);
      changed();
    });
    this.#client.open();
  }

  /** Loses the connection, and cannot get another for so long. */
  cut(milliseconds: number): void {
    this.#cable.cut();
    clearTimeout(this.#mending);
    this.#mending = window.setTimeout(() => this.#cable.mend(), milliseconds);
  }

  async cancel(): Promise<void> {
    await this.#client.publish(this.#topic, cancelText);
  }

  leave(): void {
    clearTimeout(this.#mending);
    this.#client.close();
  }
}
