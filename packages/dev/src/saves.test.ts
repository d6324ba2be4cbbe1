// What editors, git and package managers do to files, done to a small server that a watch and a supervisor keep.
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readManifests } from "@rosetta/manifest";
import { commandOf } from "@rosetta/manifest/start";
import { afterEach, expect, test } from "vitest";
import { SourceWatch } from "./source-watch.ts";
import { type Snapshot, SourceReader } from "./sources.ts";
import { type News, Supervisor } from "./supervisor.ts";
import { NewsInbox } from "./testing/news.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const main = `import { value } from "./value.ts";
process.on("SIGTERM", () => process.exit());
setInterval(() => {}, 1e4);
console.log(JSON.stringify({ ready: true, url: value }));
`;

const valued = (value: string) => `export const value: string = ${JSON.stringify(value)};\n`;

interface Kept {
  file: string;
  inbox: NewsInbox;
}

async function keep(runtime: string): Promise<Kept> {
  const manifest = readManifests().find((each) => each.runtime === runtime);
  if (!manifest) throw new Error(`no server runs on ${runtime}`);
  const folder = mkdtempSync(join(tmpdir(), "saves-"));
  stops.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "value.ts");
  writeFileSync(join(folder, "main.ts"), main);
  writeFileSync(file, valued("first"));

  const inbox = new NewsInbox();
  const command = commandOf(manifest, [runtime, "main.ts"]);
  const supervisor = new Supervisor([{ id: "one", command, cwd: folder, env: process.env }], inbox.tell);
  stops.push(() => supervisor.stop());
  const sources = { entries: [join(folder, "main.ts")], others: [] };
  const read = (): Map<string, Snapshot> => new Map([["one", new SourceReader(folder).snapshot(sources)]]);
  const watch = await SourceWatch.start({
    since: read(),
    read,
    changed: (id, { changed }) => void supervisor.restart(id, changed.length > 0 ? "changed" : "touched"),
  });
  stops.push(() => watch.stop());
  await supervisor.start();
  expect(await inbox.next()).toMatchObject({ name: "up", url: "first" });
  return { file, inbox };
}

const saves: Record<string, (file: string, text: string) => void> = {
  "in place": (file, text) => writeFileSync(file, text),
  "by replacing": (file, text) => {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  },
  "with a backup, as vim does": (file, text) => {
    renameSync(file, `${file}~`);
    writeFileSync(file, text);
    unlinkSync(`${file}~`);
  },
};

for (const runtime of ["node", "bun"]) {
  for (const [how, save] of Object.entries(saves)) {
    test(`${runtime} runs the new code after each of five saves ${how}, and restarts once for each`, async () => {
      const { file, inbox } = await keep(runtime);
      for (const value of ["a", "b", "c", "d", "e"]) {
        save(file, valued(value));
        expect(await inbox.next()).toMatchObject({ name: "up", url: value, reason: "changed" });
      }
      expect(inbox.names).toEqual([]);
    });
  }

  test(`${runtime} comes back when a broken file is mended`, async () => {
    const { file, inbox } = await keep(runtime);
    writeFileSync(file, "export const value = ;\n");
    const { output } = (await inbox.next()) as News & { name: "broken" };
    expect(output).toContain("value.ts:1");
    writeFileSync(file, valued("first"));
    expect(await inbox.next()).toMatchObject({ name: "up", url: "first" });
  });

  test(`${runtime} comes back when a file that it misses is there, in a folder of its own`, async () => {
    const { file, inbox } = await keep(runtime);
    writeFileSync(file, `export { value } from "./new/value.ts";`);
    expect(await inbox.next()).toMatchObject({ name: "broken" });
    const folder = join(dirname(file), "new");
    mkdirSync(folder);
    writeFileSync(join(folder, "value.ts"), valued("new"));
    expect(await inbox.next()).toMatchObject({ name: "up", url: "new" });
  });

  test(`${runtime} does not notice links, but a touch`, async () => {
    const { file, inbox } = await keep(runtime);
    for (let count = 0; count < 10; count += 1) {
      linkSync(file, `${file}.link`);
      unlinkSync(`${file}.link`);
    }
    const later = new Date(Date.now() + 60_000);
    utimesSync(file, later, later);
    expect(await inbox.next()).toMatchObject({ name: "up", reason: "touched" });
    expect(inbox.names).toEqual([]);
  });
}
