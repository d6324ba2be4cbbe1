import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, readManifests, readRungs } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import { afterAll, expect, test } from "vitest";
import { rungFiles } from "./rung.ts";
import { visitRung } from "./stranger/visit.ts";
import { link, textOf } from "./testing/link.ts";
import { writeProject } from "./write.ts";

const outside = mkdtempSync(join(tmpdir(), "eject-rung-"));
const rungs = readManifests().flatMap((server) =>
  readRungs(server.id).map(({ name }) => ({ server, name, id: server.id })),
);

afterAll(() => rmSync(outside, { recursive: true }));

test.each(rungs)(
  "$id: $name becomes three files that name nothing of this repository",
  ({ server, name }) => {
    const files = rungFiles({ server, name: "x", step: name });
    const names = [...files.keys()].filter((path) => path !== "pnpm-workspace.yaml");
    expect(names.sort()).toEqual(["package.json", "public/index.html", "server.ts"]);
    expect(files.has("pnpm-workspace.yaml")).toBe(server.runtime === "bun");
    const page = textOf(files, "public/index.html");
    expect(page).not.toMatch(/href="[^":]+\.html"/);
    const text = textOf(files, "server.ts");
    expect(text).not.toMatch(/packages\/|@rosetta/);
    const { dependencies } = JSON.parse(textOf(files, "package.json"));
    for (const [dependency, version] of Object.entries(dependencies)) {
      expect(text).toContain(`"${dependency}`);
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  },
);

test.each(rungs.filter(({ name }) => name === "6-shutdown"))(
  "$id: the last rung has a room and stops",
  async ({ server }) => {
    const folder = join(outside, server.id);
    const files = rungFiles({ server, name: "x", step: "6" });
    writeProject(folder, files);
    link(folder, files, server);
    await expect(
      visitRung({ folder, command: commandOf(server, [server.runtime, "server.ts"]) }),
    ).resolves.toBeUndefined();
  },
);

test("a step that does not exist is refused with those that do", () => {
  const [server] = readManifests();
  const rung = (step: string) => () => rungFiles({ server: server as Manifest, name: "x", step });
  expect(rung("7")).toThrow('has no rung "7"; there are: 1-echo, 2-rooms');
  expect(rung("")).toThrow("has no rung");
});
