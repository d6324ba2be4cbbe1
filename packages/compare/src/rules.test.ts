import type { AppFiles } from "@rosetta/manifest";
import { describe, expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { checkApps } from "./rules.ts";

const main = 'import { start } from "./server.ts";\nawait start();\n';
const server = `import { atMost } from "@rosetta/hub/node"; import { Close } from "@rosetta/protocol";
export async function start() {
  // #region upgrade
  server.on("upgrade", refuse);
  // #endregion upgrade
  // #region close
  ws.close(Close.Normal, "bye bye");
  // #endregion close
}
`;

/** Two apps that are equal except for what `change` does to the second. */
function findings(change: (files: Map<string, string>) => void): string[] {
  const files = () =>
    new Map([
      ["main.ts", main],
      ["server.ts", server],
    ]);
  const apps: AppFiles[] = [
    { id: "one", files: files() },
    { id: "two", files: files() },
  ];
  change((apps[1] as AppFiles).files);
  const house = readAppSources(apps);
  return [...house.findings, ...checkApps(house)].map(
    ({ file, line, message }) => `${file}:${line}  ${message}`,
  );
}

const edit = (name: string, from: string, to: string) =>
  findings((files) => files.set(name, (files.get(name) as string).replace(from, to)));
const append = (name: string, text: string) => findings((files) => files.set(name, files.get(name) + text));

test("two equal apps give no finding", () => {
  expect(findings(() => {})).toEqual([]);
});

test("a repository without a server is a finding", () => {
  expect(checkApps(readAppSources([]))).toHaveLength(1);
});

test("a region that does not end is a finding, and so is a file that does not parse", () => {
  expect(edit("server.ts", "  // #endregion close\n", "")).toContain(
    "apps/two/src/server.ts:6  region close is never closed",
  );
  expect(append("server.ts", "const = ;\n")[0]).toMatch(/^apps\/two\/src\/server\.ts:10 {2}.+/);
});

describe("the same files", () => {
  test("one is missing", () => {
    expect(findings((files) => files.delete("server.ts"))).toEqual([
      "apps/two/src/server.ts:1  missing: a file of one",
    ]);
  });

  test("one too many, in a folder", () => {
    expect(findings((files) => files.set("help/more.ts", ""))).toEqual([
      "apps/one/src/help/more.ts:1  missing: a file of two",
    ]);
  });
});

test("main.ts is identical to the byte", () => {
  expect(edit("main.ts", "start();\n", "start();  \n")).toEqual([
    "apps/two/src/main.ts:2  differs from apps/one/src/main.ts: main.ts is identical to the byte in every app",
  ]);
});

describe("the same regions", () => {
  test("one is missing", () => {
    const without = server.replace(/ +\/\/ #region close[\s\S]*#endregion close\n/, "");
    expect(findings((files) => files.set("server.ts", without))).toEqual([
      "apps/two/src/server.ts:1  no region close as in one: a stack that cannot do it says so there, with a link",
    ]);
  });

  test("the order differs", () => {
    const swapped = server
      .replace("region upgrade\n", "region other\n")
      .replace("endregion upgrade", "endregion other")
      .replaceAll("region close", "region upgrade")
      .replaceAll("region other", "region close");
    expect(findings((files) => files.set("server.ts", swapped))).toEqual([
      "apps/two/src/server.ts:3  region close stands elsewhere in apps/one/src/server.ts: upgrade, close",
    ]);
  });

  test("a name may be used in one file only", () => {
    const found = append("main.ts", "// #region close\nlog();\n// #endregion close\n");
    expect(found).toContain("apps/two/src/server.ts:6  region close is already in apps/two/src/main.ts");
  });

  test("a region without code has a link", () => {
    const code = '  ws.close(Close.Normal, "bye bye");\n';
    const found =
      "apps/two/src/server.ts:6  region close does nothing: write a comment with a link that says why";
    expect(edit("server.ts", code, "")).toEqual([found]);
    expect(edit("server.ts", code, "  // Not possible.\n")).toEqual([found]);
    expect(edit("server.ts", code, "  // Not possible: https://example.org\n")).toEqual([]);
  });
});

test("the same exports", () => {
  expect(append("server.ts", "export const extra = 1;\n")).toEqual([
    "apps/two/src/server.ts:10  export extra: not in one",
  ]);
});

test("an export that others import from what stacks on one runtime share", () => {
  expect(append("server.ts", "export const atMost = 1;\n")).toEqual([]);
  expect(append("main.ts", "export const atMost = 1;\n")).toContain(
    "apps/two/src/main.ts:3  export atMost: not in one",
  );
  expect(append("server.ts", "export class Close {}\n")).toContain(
    "apps/two/src/server.ts:10  export Close: not in one",
  );
});

test("no word of the protocol", () => {
  expect(append("server.ts", 'send({ type: "publish" });\n')).toEqual([
    'apps/two/src/server.ts:10  "publish" is a message of the protocol: it belongs in a package',
  ]);
  expect(edit("server.ts", "Close.Normal", "1000")).toEqual([
    "apps/two/src/server.ts:7  1000 is a close code: use Close of @rosetta/protocol",
  ]);
});

test("the routes of the protocol, and no others", () => {
  const routes = 'app.get("/greet", greet);\napp.get("/metric", metrics);\nreq.get("accept");\n';
  const found = findings((files) => files.set("http.ts", routes));
  expect(found).toContain("apps/two/src/http.ts:2  /metric is not in paths of @rosetta/protocol");
  expect(found).toContain("apps/two/src/http.ts:1  no route for /metrics of @rosetta/protocol's paths");
  expect(found.filter((each) => /greet|accept/.test(each))).toEqual([]);
});
