import { expect, test } from "vitest";
import { type Setting, setUp } from "../testing/index.ts";
import { mostAtOnce } from "./connections.ts";

/** Opens sockets to `/echo`, which have no deadline of their own. */
function crowd({ connect }: Setting, count: number): void {
  for (let index = 0; index < count; index++) connect("/echo", `10.0.0.${index % 200}`);
}

/** Notes the times at which the hub asked the port about a socket. */
function noteWhen({ port, world }: Setting): Map<number, number> {
  const asked = new Map<number, number>();
  const unfinished = port.unfinished.bind(port);
  port.unfinished = (ws) => {
    asked.set(world.time, (asked.get(world.time) ?? 0) + 1);
    return unfinished(ws);
  };
  return asked;
}

test("a round of the heartbeat looks at every socket once, and at a limited number in each turn", async () => {
  const setting = setUp();
  crowd(setting, 30);
  const few = noteWhen(setting);
  await setting.world.pass(1_500);
  const each = [...few.values()][0] ?? 0;
  expect(few.size).toBe(1);

  const full = setUp();
  crowd(full, 3 * mostAtOnce + 30);
  const many = noteWhen(full);
  await full.world.pass(1_500);
  expect([...many.values()]).toEqual([500, 500, 500, 30].map((sockets) => (sockets * each) / 30));
});

test("a socket that opens or closes during a round does not disturb it, nor does one that fails", async () => {
  const setting = setUp({ limits: { heartbeatMs: 500, connectionsPerAddress: 10_000 } });
  const { world, connect, failures } = setting;
  const peers = Array.from({ length: 2 * mostAtOnce }, () => connect("/echo"));
  for (const broken of [0, mostAtOnce - 1]) Object.assign(peers[broken]?.socket ?? {}, { isBroken: true });
  await world.pass(1_000);
  await peers[mostAtOnce]?.gone();
  const late = connect("/echo");
  await world.pass(200);
  expect(failures).toHaveLength(2);
  expect(peers.filter(({ socket }) => socket.pings > 0)).toHaveLength(2 * mostAtOnce - 3);
  expect(late.socket.pings).toBe(0);
  await world.pass(1_000);
  expect(late.socket.pings).toBe(1);
});

test("the bytes that wait on a full server are those of the last round", async () => {
  const setting = setUp({ limits: { connectionsPerAddress: 10_000 } });
  const { world, connect, hub } = setting;
  const [first, ...others] = Array.from({ length: mostAtOnce + 1 }, () => connect("/echo"));
  Object.assign(first?.socket ?? {}, { waiting: 90, queued: 100 });
  await world.pass(1_100);
  expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 100\n");
  Object.assign(first?.socket ?? {}, { waiting: 190, queued: 200 });
  expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 100\n");
  await others[0]?.gone();
  expect(hub.metrics().body).toContain("\nrosetta_queue_bytes 200\n");
});
