import { expect, test } from "vitest";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";

/** A link that accepts this many bytes, and then none until the test makes room. */
class FakeLink implements Link {
  written: number[] = [];
  room = 0;
  write(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.written.push(...taken);
    return taken.length;
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
}

test("what the kernel does not accept is written later, in order and only once", () => {
  const link = new FakeLink();
  const outbox = new Outbox();
  outbox.send(Uint8Array.of(1, 2, 3));
  link.room = 2;
  outbox.open(link);
  expect(link.written).toEqual([1, 2]);
  outbox.send(Uint8Array.of(4, 5));
  link.room = 100;
  outbox.drain();
  outbox.drain();
  expect(link.written).toEqual([1, 2, 3, 4, 5]);
  outbox.send(Uint8Array.of(6));
  expect(link.written).toEqual([1, 2, 3, 4, 5, 6]);
});

test("nothing overtakes what is waiting", () => {
  const link = new FakeLink();
  const outbox = new Outbox();
  outbox.open(link);
  outbox.send(Uint8Array.of(1));
  link.room = 100;
  outbox.send(Uint8Array.of(2));
  expect(link.written).toEqual([]);
  outbox.drain();
  expect(link.written).toEqual([1, 2]);
});
