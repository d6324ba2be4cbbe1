// The command as a person uses it: what it prints, what it writes, how it ends, and what it leaves behind.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Report } from "../report/report.ts";
import { startServer } from "../testing/faulty-server.ts";
import { main } from "./main.ts";

const folder = mkdtempSync(join(tmpdir(), "conform-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bin = join(import.meta.dirname, "bin.ts");
const server = join(import.meta.dirname, "../testing/echo-server.ts");

async function conform(...argv: string[]) {
  const printed = { stdout: "", stderr: "" };
  const screen = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const code = await main(argv, { stdout: screen("stdout"), stderr: screen("stderr") });
  return { code, ...printed };
}

function baseline(name: string, entries: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, typeof entries === "string" ? entries : JSON.stringify(entries));
  return file;
}

test("a correct server gives exit code 0, and every file is written", async () => {
  const { url, stop } = await startServer();
  const [json, page, xml, index] = ["a.json", "a.html", "a.xml", "a-index.json"].map((name) =>
    join(folder, name),
  );
  const files = [
    "--json",
    `${json}`,
    "--html",
    `${page}`,
    "--junit",
    `${xml}`,
    "--autobahn-json",
    `${index}`,
  ];
  const { code, stdout } = await conform(url, "--only", "1.1", ...files);
  await stop();
  expect(code).toBe(0);
  expect(stdout).toContain(" 0 fail");
  const report: Report = JSON.parse(readFileSync(`${json}`, "utf8"));
  expect(report).toMatchObject({ format: 1, complete: true, seed: 1 });
  expect(report.targets[0]?.results.map(({ id }) => id)).toEqual(report.cases.map(({ id }) => id));
  expect(readFileSync(`${page}`, "utf8")).toContain("<!doctype html>");
  expect(readFileSync(`${xml}`, "utf8")).toContain('failures="0"');
  expect(Object.values(JSON.parse(readFileSync(`${index}`, "utf8")))).toHaveLength(1);
});

test("a faulty server gives exit code 1, or 0 if its failures are known, and a stale baseline gives 1", async () => {
  const { url, stop } = await startServer({ rules: { mustBeMasked: () => false } });
  const known = ["1.6.1", "1.6.2"].map((id) => ({ id, reason: "upstream", link: "https://example.org/1" }));
  const run = (only: string, entries: unknown) =>
    conform(url, "--only", only, "--baseline", baseline("known.json", entries));
  const wrong = await run("1.6.1,1.6.2", known.slice(1));
  const wellKnown = await run("1.6.1,1.6.2", known);
  const untrue = await run("1.1.1", [{ ...known[0], id: "1.1.1" }]);
  await stop();
  expect(wrong.code).toBe(1);
  expect(wrong.stdout).toContain("✗ 1.6.1");
  expect(wrong.stdout).toContain("1 known, 1 fail");
  expect(wellKnown.code).toBe(0);
  expect(untrue.code).toBe(1);
  expect(untrue.stdout).toContain("1.1.1 is in the baseline, but");
});

test.each([
  ["no JSON", "{", "is not JSON"],
  ["no list", {}, "expected a list"],
  ["an entry without a reason", [{ id: "1.1.1", link: "l" }], '"reason" is missing'],
  ["an unknown case", [{ id: "99.1", reason: "r", link: "l" }], 'there is no case "99.1"'],
  ["an entry twice", [1, 2].map(() => ({ id: "1.1.1", reason: "r", link: "l" })), "is listed twice"],
])("a baseline with %s is refused", async (_what, entries, message) => {
  const { code, stderr } = await conform("ws://127.0.0.1:9/", "--baseline", baseline("bad.json", entries));
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test.each([
  [["nowhere"], '"nowhere" is not a URL'],
  [["http://127.0.0.1/"], "expected ws: or wss:"],
  [["ws://127.0.0.1/#top"], "has a fragment, #top"],
  [["ws://me:secret@127.0.0.1/"], "give --header 'Authorization: Basic"],
  [["--all"], "there are no servers to start here"],
  [["ws://127.0.0.1:9/", "--only", "no-such"], "no case or group has this name"],
  [["--explain", "99.1"], 'there is no case "99.1"'],
  [["ws://127.0.0.1:9/", "--json", `${bin}/x.json`], "cannot be written"],
])("%j: exit code 2", async (given, message) => {
  const { code, stderr } = await conform(...given);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr.trim()).not.toContain("\n");
});

test("a server that cannot be reached, or is not a WebSocket server, gives exit code 3", async () => {
  const http = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const plain = await conform(`ws://127.0.0.1:${port}/`, "--only", "1.1.1");
  http.close();
  expect(plain.code).toBe(3);
  expect(plain.stdout).toContain("the handshake was answered with 200");
  const gone = await conform(`ws://127.0.0.1:${port}/`, "--only", "1.1.1");
  expect(gone.code).toBe(3);
  expect(gone.stdout).toContain("nothing listens there");
});

test("every case can be listed and explained", { timeout: 180_000 }, async () => {
  const { stdout } = await conform("--list");
  const ids = [...stdout.matchAll(/^ {2}(\d+\.\d+\.\d+)/gm)].map(([, id = ""]) => id);
  expect(ids.length).toBeGreaterThan(1_000);
  expect((await conform("--list", "--autobahn")).stdout.split("\n").length).toBeGreaterThan(517);

  for (const id of ids) {
    const explained = await conform("--explain", id);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toContain("allowed, the best first");
  }
});

test.runIf(process.platform === "linux")(
  "a file that cannot be created is reported at once, with its name",
  async () => {
    const { code, stderr } = await conform("ws://127.0.0.1:9/", "--json", "/proc/nowhere/deep/a.json");
    expect(code).toBe(2);
    expect(stderr).toBe(
      "--json /proc/nowhere/deep/a.json cannot be written (ENOENT); give a file in a folder that can\n",
    );
  },
);

test("two URLs that differ only in their query are two servers", async () => {
  const { url, stop } = await startServer();
  const file = join(folder, "two.json");
  const { code } = await conform(`${url}?a`, `${url}?b`, "--only", "1.1.1", "--json", file);
  await stop();
  expect(code).toBe(0);
  const { targets }: Report = JSON.parse(readFileSync(file, "utf8"));
  expect(new Set(targets.map(({ id }) => id)).size).toBe(2);
});

test("missing folders in the path of a file are created", async () => {
  const { url, stop } = await startServer();
  const file = join(folder, "some", "where", "a.json");
  const { code } = await conform(url, "--only", "1.1.1", "--json", file);
  await stop();
  expect(code).toBe(0);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ complete: true });
});

test("a pipe gets the whole list", async () => {
  const child = spawn(process.execPath, [bin, "--list"], { stdio: ["ignore", "pipe", "inherit"] });
  const code = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  // A pipe's buffer is full before that. The rest waits in the process, which must not exit yet.
  for await (const text of child.stdout.setEncoding("utf8")) output += text;
  expect(output).toBe((await conform("--list")).stdout);
  expect(await code).toBe(0);
});

interface Run {
  child: ChildProcess;
  output: () => string;
  exit: Promise<number | null>;
}

function start(...args: string[]): Run {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes) => {
      output += bytes;
    });
  }
  return { child, output: () => output, exit: new Promise((resolve) => child.once("close", resolve)) };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

// Two processes deep, as a package manager starts it.
const command = (port: number) => `true; ${process.execPath} ${server} ${port}; true`;

test("--start starts a server, judges it, and ends it with everything that it started", async () => {
  const port = await freePort();
  const run = start(`ws://127.0.0.1:${port}/`, "--start", command(port), "--only", "1.1");
  expect([await run.exit, run.output()]).toEqual([0, expect.stringContaining(" 0 fail")]);
  expect(await listens(port)).toBe(false);
});

test("Ctrl-C ends the server, prints what is complete and writes it as incomplete", async () => {
  const port = await freePort();
  const json = join(folder, "incomplete.json");
  const args = ["--start", command(port), "--jobs", "1", "--json", json];
  const run = start(`ws://127.0.0.1:${port}/`, ...args);
  while (!run.output().includes("no failures")) await new Promise((resolve) => setTimeout(resolve, 20));
  run.child.kill("SIGINT");
  expect(await run.exit).toBe(130);
  expect(run.output()).toContain("incomplete");
  expect(await listens(port)).toBe(false);
  const report: Report = JSON.parse(readFileSync(json, "utf8"));
  expect(report.complete).toBe(false);
  expect(report.targets[0]?.results.length).toBeGreaterThan(0);
});

test("a server that does not start is reported with the end of its output", async () => {
  const port = await freePort();
  const { code, stdout } = await conform(`ws://127.0.0.1:${port}/`, "--start", "echo a reason >&2; exit 7");
  expect(code).toBe(3);
  expect(stdout).toContain("exit code 7");
  expect(stdout).toContain("a reason");
});

test("a port that is already taken is not judged by mistake", async () => {
  const { url, stop } = await startServer();
  const { code, stdout } = await conform(url, "--start", "sleep 60");
  await stop();
  expect(code).toBe(3);
  expect(stdout).toContain("something listens on");
});

test("a strict run fails what Autobahn fails, and the list says where", async () => {
  const { url, stop } = await startServer({ rules: { allowsCode: (code) => code >= 1000 && code < 3000 } });
  const lenient = await conform(url, "--only", "7.9.2");
  const strict = await conform(url, "--only", "7.9.2", "--strict");
  await stop();
  expect([lenient.code, strict.code]).toEqual([0, 1]);
  const { stdout } = await conform("--list", "--autobahn");
  expect(stdout).toMatch(
    / 7\.9\.6 +7\.9\.2\n +more lenient: it accepts an undefined code; --strict fails it/,
  );
});

test("a known failure of a server started by name is no failure, and becomes an error once it is fixed", async () => {
  const { url, stop } = await startServer({ rules: { mustBeMasked: () => false } });
  const known = (id: string) => [{ id, reason: "declared", link: "https://example.org/1", target: "mine" }];
  const run = async (id: string) => {
    let stdout = "";
    const screen = { write: (text: string) => (stdout += text) };
    const targets = [{ id: "mine", title: "Mine", setups: [{ url }], known: known(id) }];
    const code = await main(["mine", "--only", "1.1.1,1.6.1"], {
      targets,
      stdout: screen,
      stderr: { write: () => true },
    });
    return { code, stdout };
  };
  const declared = await run("1.6.1");
  const mended = await run("1.1.1");
  await stop();
  expect(declared.code).toBe(0);
  expect(declared.stdout).toContain("1 known, 0 fail");
  expect(mended.code).toBe(1);
});
