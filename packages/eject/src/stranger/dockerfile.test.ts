import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { playDockerfile } from "./dockerfile.ts";

const place = mkdtempSync(join(tmpdir(), "dockerfile-"));
const context = join(place, "context");
mkdirSync(join(context, "src"), { recursive: true });
mkdirSync(join(context, "node_modules"));
for (const name of ["package.json", "src/main.ts", "node_modules/left"])
  writeFileSync(join(context, name), name);

afterAll(() => rmSync(place, { recursive: true }));

const text = `# a comment
FROM one AS build
WORKDIR /app
COPY . .
RUN make
FROM two
WORKDIR /app
ENV A=1 B=2
COPY --from=build /app/package.json ./
COPY --from=build /app/src source
CMD ["node", "main.ts"]
`;

test("each stage is a folder in which its steps are run, and the last one is the image", async () => {
  const ran: string[] = [];
  const image = await playDockerfile(text, context, join(place, "stages"), async (folder, line) => {
    ran.push(line, ...readdirSync(folder).sort());
  });
  // What .dockerignore names stays behind.
  expect(ran).toEqual(["make", "package.json", "src"]);
  expect(image).toMatchObject({ variables: { A: "1", B: "2" }, command: ["node", "main.ts"] });
  expect(readdirSync(image.folder).sort()).toEqual(["package.json", "source"]);
  expect(readFileSync(join(image.folder, "source/main.ts"), "utf8")).toBe("src/main.ts");
});

test("what cannot be played is an error, and so is a stage that is not there", async () => {
  const play = (line: string) =>
    playDockerfile(`FROM a\n${line}\n`, context, join(place, "bad"), async () => {});
  await expect(play("ADD a b")).rejects.toThrow("ADD is not played here");
  await expect(play("COPY --from=nowhere /app/a b")).rejects.toThrow("there is no stage nowhere");
});
