import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { type Program, Supervisor } from "./supervisor.ts";
import { NewsInbox } from "./testing/news.ts";

const folder = mkdtempSync(join(tmpdir(), "supervisor-"));
const supervisors: Supervisor[] = [];
afterEach(async () => {
  await Promise.all(supervisors.splice(0).map((each) => each.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ready = (url: string) =>
  `console.log(JSON.stringify({ ready: true, url: "${url}" })); setInterval(() => {}, 1e4);`;

function program(id: string, script: string): Program {
  const file = join(folder, `${id}.mjs`);
  writeFileSync(file, script);
  return { id, command: [process.execPath, file], cwd: folder, env: process.env };
}

function supervise(...programs: Program[]): { supervisor: Supervisor; inbox: NewsInbox } {
  const inbox = new NewsInbox();
  const supervisor = new Supervisor(programs, inbox.tell);
  supervisors.push(supervisor);
  return { supervisor, inbox };
}

test("a start is over when every server is up or has ended", async () => {
  const { supervisor, inbox } = supervise(
    program("one", ready("http://one")),
    program("two", 'console.log("why"); console.error("not"); process.exitCode = 1;'),
  );
  await supervisor.start();
  const news = [await inbox.next(), await inbox.next()].sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(news).toEqual([
    { id: "one", name: "up", url: "http://one", ms: expect.any(Number) },
    { id: "two", name: "broken", output: expect.stringMatching(/^(why\nnot|not\nwhy)$/) },
  ]);
});

test("a restart asks with SIGTERM, waits for the end, and tells why", async () => {
  const script = `process.on("SIGTERM", () => setTimeout(() => { console.log("bye"); process.exit(); }, 400));
    ${ready("http://one")}`;
  const { supervisor, inbox } = supervise(program("one", script));
  await supervisor.start();
  await inbox.until("up");
  await supervisor.restart("one", "a.ts changed");
  expect(await inbox.next()).toEqual({ id: "one", name: "said", line: "bye" });
  expect(await inbox.next()).toMatchObject({ name: "up", reason: "a.ts changed" });
  expect(inbox.names).toEqual([]);
});

test("a server is asked to end once, however often it is to be restarted meanwhile", async () => {
  const script = `let asked = 0;
    process.on("SIGTERM", () => { asked += 1; console.log("asked " + asked); setTimeout(() => process.exit(), 300); });
    ${ready("http://one")}`;
  const { supervisor, inbox } = supervise(program("one", script));
  await supervisor.start();
  await inbox.until("up");
  const first = supervisor.restart("one", "first");
  expect(await inbox.next()).toMatchObject({ line: "asked 1" });
  await Promise.all([first, supervisor.restart("one", "second"), supervisor.restart("one", "third")]);
  expect(await inbox.next()).toMatchObject({ name: "up", reason: "third" });
  expect(inbox.names).toEqual([]);
});

test("a start that is out of date is given up", async () => {
  const begun = join(folder, "begun");
  const script = `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(begun)}, "");
    setInterval(() => {}, 1e4);`;
  const { supervisor, inbox } = supervise(program("one", script));
  const start = supervisor.start();
  await expect.poll(() => existsSync(begun), { timeout: 10_000 }).toBe(true);
  program("one", ready("http://mended"));
  await supervisor.restart("one", "mended");
  await start;
  expect(await inbox.next()).toMatchObject({ name: "up", url: "http://mended", reason: "mended" });
});

test("a server that ended by itself is told of, and starts with the next restart", async () => {
  const { supervisor, inbox } = supervise(
    program("one", 'console.log(JSON.stringify({ ready: true, url: "http://one" })); process.exitCode = 7;'),
  );
  await supervisor.start();
  await inbox.until("up");
  expect(await inbox.until("ended")).toMatchObject({ exit: { code: 7, signal: null } });
  program("one", ready("http://one"));
  await supervisor.restart("one", "mended");
  expect(await inbox.next()).toMatchObject({ name: "up", reason: "mended" });
});

test("a server that is killed on purpose starts again after a while", async () => {
  const { supervisor, inbox } = supervise(program("one", ready("http://one")));
  await supervisor.start();
  await inbox.until("up");
  const began = performance.now();
  await supervisor.kill("one", 150);
  expect(performance.now() - began).toBeGreaterThan(145);
  expect(await inbox.next()).toEqual({ id: "one", name: "killed", downMs: 150 });
  expect(await inbox.next()).toMatchObject({ name: "up", reason: "it was killed" });
  expect(inbox.names).toEqual([]);
});

test("a killed server that something else has started again is not started twice", async () => {
  const { supervisor, inbox } = supervise(program("one", ready("http://one")));
  await supervisor.start();
  await inbox.until("up");
  const killed = supervisor.kill("one", 1_500);
  await supervisor.restart("one", "a.ts changed");
  await killed;
  expect(inbox.names).toEqual(["one killed", "one up"]);
});

test.runIf(process.platform !== "win32")("a frozen server says nothing until it continues", async () => {
  const script = `setInterval(() => console.log("tick"), 20); ${ready("http://one")}`;
  const { supervisor, inbox } = supervise(program("one", script));
  await supervisor.start();
  await inbox.until("said");
  supervisor.freeze("one", 400);
  await inbox.until("frozen");
  await pause(200);
  const before = inbox.names.length;
  await pause(100);
  expect(inbox.names.length).toBe(before);
  await expect.poll(() => inbox.names.length).toBeGreaterThan(before);
});

test.runIf(process.platform !== "win32")("a server that is frozen can be ended", async () => {
  const { supervisor, inbox } = supervise(program("one", ready("http://one")));
  await supervisor.start();
  await inbox.until("up");
  supervisor.freeze("one", 60_000);
  const began = performance.now();
  await supervisor.stop();
  expect(performance.now() - began).toBeLessThan(9_000);
});

test("a program that is not there is broken", async () => {
  const { supervisor, inbox } = supervise({ ...program("one", ""), command: ["/no/such/program"] });
  await supervisor.start();
  expect(await inbox.next()).toMatchObject({ name: "broken", output: expect.stringContaining("ENOENT") });
});

test("after the stop nothing runs and nothing starts", async () => {
  const script = `process.on("SIGTERM", () => { console.log("bye"); process.exit(); }); ${ready("http://one")}`;
  const { supervisor, inbox } = supervise(program("one", script), program("two", script));
  await supervisor.start();
  await inbox.until("up");
  await inbox.until("up");
  await Promise.all([supervisor.restart("one", "too late"), supervisor.stop()]);
  await supervisor.restart("two", "far too late");
  expect(inbox.names.sort()).toEqual(["one said", "two said"]);
});
