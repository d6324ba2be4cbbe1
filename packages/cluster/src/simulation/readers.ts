import type { Sink } from "@rosetta/hub";
import { request, type World } from "@rosetta/hub/testing";
import type { Cursor } from "@rosetta/protocol";
import type { SimulatedServer } from "./servers.ts";
import type { Told } from "./truth.ts";

/** Milliseconds after which a reader whose stream or poll has ended comes back. */
const backMs = 500;

/** A reader over HTTP that comes back again and again, with its last place: by event streams or by polls. */
export class SimulatedReader {
  readonly told: Told[] = [];
  readonly #world: World;
  readonly #topic: string;
  readonly #choose: () => SimulatedServer | undefined;
  #cursor: Cursor | undefined;
  #leave = (): void => {};
  #visit = 0;

  constructor(world: World, topic: string, choose: () => SimulatedServer | undefined) {
    this.#world = world;
    this.#topic = topic;
    this.#choose = choose;
  }

  /** Reads by event streams. */
  stream(): void {
    const [visit, server] = this.#begin();
    const again = (): void => this.#again(visit, () => this.stream());
    if (!server?.isOpen) return again();
    server.waiting.add(again);
    const sink: Sink = {
      write: (text) => visit === this.#visit && this.#wrote(text),
      queued: () => 0,
      end: again,
      cut: again,
    };
    Promise.resolve(server.part.readers.events(this.#facts("events"), "1.1.1.1")).then((stream) => {
      if (visit !== this.#visit) return;
      if (stream.refusal) return again();
      this.#leave = stream.start(sink);
    }, again);
  }

  /** Reads by long polls. */
  poll(): void {
    const [visit, server] = this.#begin();
    const again = (): void => this.#again(visit, () => this.poll());
    if (!server?.isOpen) return again();
    server.waiting.add(again);
    this.#leave = server.part.readers.poll(this.#facts("poll"), "1.1.1.1", ({ status, body }) => {
      if (visit !== this.#visit) return;
      if (status === 200) this.#page(JSON.parse(body));
      again();
    });
  }

  /** Goes to whichever server there is now. */
  move(how: "stream" | "poll"): void {
    this[how]();
  }

  #begin(): [number, SimulatedServer | undefined] {
    this.#leave();
    this.#leave = () => {};
    this.#visit += 1;
    return [this.#visit, this.#choose()];
  }

  #again(visit: number, come: () => void): void {
    this.#world.after(backMs, () => visit === this.#visit && come());
  }

  #facts(path: string): ReturnType<typeof request> {
    const since = this.#cursor ? `&since=${this.#cursor.epoch}:${this.#cursor.offset}` : "";
    return request(`/${path}?topic=${this.#topic}${since}`);
  }

  #page({ epoch, offset, recovered, events }: Cursor & { recovered: boolean; events: unknown[] }): void {
    if (this.#cursor && !recovered) this.told.push({ lost: true, epoch });
    for (const event of events) this.#event(event);
    this.#cursor = { epoch, offset };
  }

  #wrote(text: string): void {
    const id = /^id: ([0-9a-f]+):(\d+)$/m.exec(text);
    const data = /^data: (.*)$/m.exec(text);
    if (!id || !data) return;
    const said = JSON.parse(data[1] ?? "");
    if (/^event: subscribed$/m.test(text)) {
      if (this.#cursor && !said.recovered) this.told.push({ lost: true, epoch: id[1] ?? "" });
    } else this.#event(said);
    this.#cursor = { epoch: id[1] ?? "", offset: Number(id[2]) };
  }

  #event(event: unknown): void {
    const { epoch, offset, data } = event as Cursor & { data: { text: string } };
    this.told.push({ epoch, offset, text: data.text });
  }
}
