import type { ClientMessage, ServerMessage } from "@rosetta/protocol";
import { type Conversation, type Event, from, Inbox, offsetsOf, type Server } from "@rosetta/testkit";
import { test } from "../clients.ts";
import { type Converse, expect, type Launch } from "../fixtures.ts";
import { digestOf, follow, hash, type JobProgress, progressOf } from "../jobs.ts";

/** Starts a server with so many jobs, which take turns, that none of them ends soon. */
async function busy(launch: Launch, converse: Converse): Promise<{ server: Server; owner: Conversation }> {
  const server = await launch({ MAX_JOBS: "20", MAX_JOBS_TOTAL: "80" });
  const owner = await converse({ server });
  for (const _ of from(1, 15)) await owner.request(hash(256));
  return { server, owner };
}

test("JOB-01 MUST do the work: the result is the SHA-256 of so many MiB of zeros", {
  tag: "@messages",
}, async ({ converse }) => {
  const talk = await converse();
  for (const mebibytes of [1, 3]) {
    const started = await talk.request(hash(mebibytes));
    const events = await follow(talk, started);
    expect(events.map(progressOf).at(-1)).toEqual({
      kind: "progress",
      state: "done",
      done: mebibytes,
      total: mebibytes,
      result: digestOf(mebibytes),
    });
  }
});

test("JOB-02 MUST tell the progress from none to all, in at most 22 events and without a gap", {
  tag: ["@messages", "@broadcast"],
}, async ({ converse }) => {
  const talk = await converse();
  for (const mebibytes of [1, 19, 20, 21, 40, 256]) {
    const started = await talk.request(hash(mebibytes));
    const events = await follow(talk, started);
    expect(events.length).toBeLessThanOrEqual(22);
    expect(offsetsOf(events)).toEqual(from(1, events.length));
    const progress = events.map(progressOf);
    const done = progress.map((each) => each.done);
    expect([done[0], done.at(-1)]).toEqual([0, mebibytes]);
    expect(done, "only forward").toEqual([...new Set(done)].sort((a, b) => a - b));
    expect(progress.map(({ state }) => state)).toEqual([...Array(events.length - 1).fill("running"), "done"]);
    expect(progress.every(({ total }) => total === mebibytes)).toBe(true);
    expect(await talk.rest(started.topic), "nothing comes after the end").toEqual([]);
  }
});

test("JOB-03 MUST do several jobs at once, each in a topic of its own", {
  tag: "@messages",
}, async ({ converse }) => {
  const [one, two] = [await converse(), await converse()];
  const sizes = [5, 6, 7];
  const asked = [
    ...sizes.map((size) => one.request(hash(size))),
    ...sizes.map((size) => two.request(hash(size))),
  ];
  const started = await Promise.all(asked);
  expect(new Set(started.map(({ topic }) => topic)).size).toBe(6);
  // Any client that knows the topic may follow it.
  const ends = await Promise.all(started.map((each) => follow(one, each)));
  const results = ends.map((events) => progressOf(events.at(-1) as Event).result);
  expect(results).toEqual([...sizes, ...sizes].map(digestOf));
});

test("JOB-04 MUST stop a job that is cancelled, and call it neither done nor failed", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const { owner } = await busy(launch, converse);
  const { topic, epoch } = await owner.request(hash(256));
  const following = follow(owner, { topic, epoch });
  expect(await owner.request({ type: "cancel", topic })).toMatchObject({ type: "ack", topic });
  const progress = (await following).map(progressOf);
  const end = progress.at(-1);
  expect(end).toMatchObject({ state: "cancelled", total: 256 });
  expect(end).not.toHaveProperty("result");
  expect(end?.done).toBeLessThan(256);
  expect(await owner.rest(topic)).toEqual([]);
  const again = await owner.refusal({ type: "cancel", id: "again", topic });
  expect(again).toMatchObject({ code: "not_found", re: "again" });
});

test("JOB-05 MUST let nobody cancel somebody else's job", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const { server, owner } = await busy(launch, converse);
  const stranger = await converse({ server });
  const { topic } = await owner.request(hash(256));
  const error = await stranger.refusal({ type: "cancel", id: "theirs", topic });
  expect(error).toMatchObject({ code: "forbidden", re: "theirs" });
  // It still runs: its owner can cancel it.
  await owner.request({ type: "cancel", topic });
});

test("JOB-06 MUST tell that there is no such job, before and after", {
  tag: "@messages",
}, async ({ converse, room }) => {
  const talk = await converse();
  for (const topic of ["job/0123456789ab", "scores", room]) {
    expect(await talk.refusal({ type: "cancel", topic }), topic).toMatchObject({ code: "not_found" });
  }
  expect(await talk.refusal({ type: "subscribe", topic: "job/0123456789ab" })).toMatchObject({
    code: "not_found",
  });
  const started = await talk.request(hash(1));
  await follow(talk, started);
  expect(await talk.refusal({ type: "cancel", topic: started.topic })).toMatchObject({ code: "not_found" });
});

test("JOB-07 MUST go on answering everybody while it works", {
  tag: "@messages",
}, async ({ launch, converse, raw }) => {
  const { server, owner } = await busy(launch, converse);
  const [other, http] = [await converse({ server }), raw.at(server.port)];
  const started = await owner.request(hash(256));
  const following = follow(owner, started);
  // Each question goes out when the one before is answered. A server that works in one go answers the first
  // of them when all is done.
  for (const _ of from(1, 10)) {
    await owner.request({ type: "ping", at: 0 });
    await other.request({ type: "echo", text: "" });
    expect(await http.request("/healthz")).toMatchObject({ status: 200 });
  }
  const isEnd = (message: { type: string }) =>
    message.type === "event" && progressOf(message as ServerMessage<"event">).state !== "running";
  expect(owner.collected.filter(isEnd), "the job was still running").toEqual([]);
  await owner.request({ type: "cancel", topic: started.topic });
  await following;
});

test("JOB-08 MUST start one job for one id, also on a new connection", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const server = await launch({ MAX_JOBS: "1" });
  const talk = await converse({ server });
  const start = { ...hash(256), id: "once" } satisfies ClientMessage<"start">;
  // Two in one go, so that the job is still running: a second one would be refused.
  talk.send(start);
  talk.send(start);
  const [first, second] = [await talk.reply("once"), await talk.reply("once")];
  expect(first).toMatchObject({ type: "ack", offset: 0 });
  expect(second).toEqual(first);
  expect(await talk.refusal({ ...start, mebibytes: 1 })).toMatchObject({ code: "conflict" });
  talk.socket.destroy();
  const back = await converse({ server, client: talk.client });
  const ack = await back.request(start);
  expect(ack).toEqual(first);
  const events = await follow(back, ack);
  expect(progressOf(events.at(-1) as Event)).toMatchObject({ state: "done", result: digestOf(256) });
});

test("JOB-09 MUST go on with a job whose owner was cut off, and let the owner find and cancel it", {
  tag: "@messages",
}, async ({ launch, converse }) => {
  const { server, owner } = await busy(launch, converse);
  const started = await owner.request(hash(256));
  const { topic, epoch } = started;
  await owner.request({ type: "subscribe", topic, since: { epoch, offset: 0 } });
  const [first] = await owner.events(topic, 1);
  expect(first).toMatchObject({ offset: 1, data: { state: "running", done: 0 } });
  owner.socket.destroy();
  const back = await converse({ server, client: owner.client });
  const following = follow(back, started);
  await back.request({ type: "cancel", topic });
  const events = await following;
  expect(offsetsOf(events), "all of it, from the beginning").toEqual(from(1, events.length));
  expect(progressOf(events.at(-1) as Event).state).toBe("cancelled");
});

test("JOB-10 MUST bring its result to a client whose connection was lost meanwhile", {
  tag: "@messages",
}, async ({ app, connect }) => {
  const client = connect(app);
  const started = await client.startJob(256);
  const told: JobProgress[] = [];
  const progress = new Inbox<JobProgress>(() => JSON.stringify(told));
  client.subscribe(started.topic, (event) => {
    told.push(progressOf(event));
    progress.add(progressOf(event));
  });
  await expect(client.request({ type: "chaos", do: "terminate" })).rejects.toMatchObject({
    code: "disconnected",
  });
  const end = await progress.take("the end", ({ state }) => state !== "running", 15_000);
  expect(end).toMatchObject({ state: "done", result: digestOf(256) });
  const done = told.map((each) => each.done);
  expect(done, "only forward, and nothing twice").toEqual([...new Set(done)].sort((a, b) => a - b));
});
