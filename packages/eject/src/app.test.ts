// Each server as a project of its own, with the packages that are installed here. What only an installation from the
// registry can show, `pnpm -C packages/eject run stranger` shows every night.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { gunzipSync } from "node:zlib";
import { freePorts, startRedis } from "@rosetta/cluster/testing";
import { readManifests, root } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import { afterAll, describe, expect, test } from "vitest";
import { appFiles } from "./app.ts";
import { type ProjectFiles, specifiersOf } from "./closure.ts";
import { link, textOf } from "./testing/link.ts";
import { writeProject } from "./write.ts";

const freePort = freePorts(3);
const outside = mkdtempSync(join(tmpdir(), "eject-app-"));

afterAll(() => rmSync(outside, { recursive: true }));

/** Returns the project's sources and texts: everything but the built page. */
function sourcesOf(files: ProjectFiles): [path: string, text: string][] {
  const own = [...files.keys()].filter((path) => !path.startsWith("public/"));
  return own.map((path) => [path, textOf(files, path)]);
}

function run(
  folder: string,
  variables: Record<string, string>,
  program: string,
  ...args: string[]
): { status: number | null; output: string } {
  const env = { ...process.env, ...variables };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe.each(readManifests())("$id", (server) => {
  const folder = join(outside, server.id);

  test("becomes a project that names nothing of this repository", async () => {
    const files = await appFiles({ server, name: server.id, all: false });
    for (const [path, text] of sourcesOf(files)) {
      expect(text, path).not.toMatch(/@rosetta\/|workspace:|catalog:|packages\/|apps\/|\{\{/);
      if (!path.endsWith(".ts")) continue;
      for (const specifier of specifiersOf(text).filter((each) => each.startsWith("."))) {
        expect(files.has(posix.join(posix.dirname(path), specifier)), `${path}: ${specifier}`).toBe(true);
      }
    }
    const { imports, dependencies, devDependencies } = JSON.parse(textOf(files, "package.json"));
    for (const path of Object.values<string>(imports)) expect(files.has(path.slice(2)), path).toBe(true);
    for (const version of Object.values({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });

  test("leaves the extras and the tests behind, unless asked for all", async () => {
    const names = async (all: boolean) => [...(await appFiles({ server, name: "x", all })).keys()];
    const isLeft = (path: string) => path.startsWith("src/hub/extras/") || path.endsWith("chaos.ts");
    const plain = await names(false);
    expect(plain.filter(isLeft)).toEqual([]);
    expect(plain.filter((path) => path.startsWith("src/") && path.includes(".test."))).toEqual([]);
    const whole = await names(true);
    expect(whole.filter(isLeft)).toContain("src/hub/extras/feeds.ts");
    expect(whole.filter((path) => path.startsWith("page/"))).toEqual([]);
  });

  test("compiles", async () => {
    const files = await appFiles({ server, name: server.id, all: false });
    writeProject(folder, files);
    link(folder, files, server);
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    for (const project of [".", "page"]) {
      expect(run(folder, {}, process.execPath, compiler, "-p", project)).toEqual({ status: 0, output: "" });
    }
  });

  test("has its page built, as its own build does it", () => {
    const page = () => gunzipSync(readFileSync(join(folder, "public/index.html.gz"))).toString();
    const given = page();
    expect(given).toContain(`<title>${server.id}</title>`);
    const vite = join(folder, "node_modules/vite/bin/vite.js");
    expect(run(folder, {}, process.execPath, vite, "build")).toMatchObject({ status: 0 });
    expect(page()).toBe(given);
  });

  test("passes its own tests, also as two servers that share a Redis", async () => {
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [program, ...args] = commandOf(server, scripts.test.replaceAll('"', "").split(" "));
    const redis = await startRedis(await freePort());
    const { status, output } = run(folder, { REDIS_URL: redis.url }, program, ...args);
    await redis.stop();
    expect(output).toMatch(/\b(?:fail 0|0 fail)\b/);
    expect(output).toMatch(/\b(?:pass 16|16 pass)\b/);
    expect(status).toBe(0);
  });

  test("has the scripts that run in Redis, and the client for it", async () => {
    const files = await appFiles({ server, name: "x", all: false });
    expect(textOf(files, "src/cluster/redis/scripts/append.lua")).toContain("redis.call");
    expect(JSON.parse(textOf(files, "package.json")).dependencies).toHaveProperty("@redis/client");
    expect([...files.keys()].filter((path) => path.startsWith("src/cluster/testing/"))).toEqual([]);
  });
});
