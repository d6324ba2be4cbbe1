// PROTOCOL.md is the contract. These tests compare it with the code.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  bounds,
  Close,
  type CloseName,
  closePolicy,
  defaultLimits,
  isEndpoint,
  parseClient,
  parseServer,
  paths,
  readEnvironment,
  subprotocol,
} from "./index.ts";

const text = readFileSync(new URL("../PROTOCOL.md", import.meta.url), "utf8");
const { $defs } = JSON.parse(readFileSync(new URL("../protocol.schema.json", import.meta.url), "utf8"));

/** Returns the text under a heading, up to the next heading of the same or a higher level. */
function section(heading: string): string {
  const rank = heading.indexOf(" ");
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`PROTOCOL.md has no ${heading}`);
  const rest = text.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Returns the rows of a section's table, without its head. */
function rows(heading: string): string[][] {
  const lines = section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.replace(/[`|]/g, "").trim()),
  );
}

const frames = [...text.matchAll(/^[A-Z] (→|←) (.+)$/gm)].map(
  ([, arrow, frame]) => [arrow, frame ?? ""] as const,
);

test("PROTOCOL.md contains frames to check", () => {
  expect(frames.length).toBeGreaterThan(50);
});

test.each(frames)("%s %s", (arrow, frame) => {
  const { message, problem } = arrow === "→" ? parseClient(frame) : parseServer(frame);
  expect(problem).toBeUndefined();
  expect(JSON.stringify(message)).toBe(frame);
});

test("the examples of event streams and polls contain valid events", () => {
  const over = section("## Events over HTTP");
  const data = [...over.matchAll(/^data: (\{"type".+)$/gm)].map((match) => match[1] ?? "");
  const pages = [...over.matchAll(/^(\{"topic".+)$/gm)].map((match) => JSON.parse(match[1] ?? ""));
  expect([data.length, pages.length]).toEqual([1, 2]);
  const events = [
    ...data,
    ...pages.flatMap((page) => page.events.map((event: unknown) => JSON.stringify(event))),
  ];
  for (const event of events) expect(parseServer(event).message?.type).toBe("event");
});

describe("PROTOCOL.md describes", () => {
  const types = Object.keys($defs).filter((name) => /^(Client|Server)\./.test(name));

  test.each(types)("%s with the fields of the schema", (name) => {
    const [side, type] = name.split(".");
    const direction = side === "Client" ? "_Client → server._" : "_Server → client._";
    const [, described = ""] = section(`### \`${type}\``).split(direction);
    const [, fields = ""] = /```ts\ninterface \w+ \{\n([\s\S]+?)\n\}\n```/.exec(described) ?? [];
    const shown = [...fields.matchAll(/^ {2}(\w+\??):/gm)].map((match) => match[1]);
    const { properties, required } = $defs[name];
    expect(shown).toEqual(
      Object.keys(properties).map((field) => (required.includes(field) ? field : `${field}?`)),
    );
    expect(fields).toContain(`type: "${type}"`);
  });

  test("every kind of event in a row", () => {
    const kinds = $defs.EventData.oneOf.map((each: { properties: { kind: { const: string } } }) => [
      each.properties.kind.const,
      Object.keys(each.properties).slice(1),
    ]);
    const shown = rows("### `event`").map(([kind, , fields]) => [
      kind,
      fields
        ?.replace(/\([^)]*\)/g, "")
        .split(",")
        .map((field) => field.trim().replace("?", "")),
    ]);
    expect(shown).toEqual(kinds);
  });

  test("every error in a row", () => {
    expect(rows("## Errors").map(([code]) => code)).toEqual($defs.ErrorCode.enum);
  });
});

test("requests are refused with the statuses in the table of admission, and no others", () => {
  const source = readFileSync(new URL("./admission.ts", import.meta.url), "utf8");
  const refusals = [...source.matchAll(/\brefuse\((\d{3}),/g)].map(([, status]) => status);
  expect(new Set(rows("## Origin and admission").map(([status]) => status))).toEqual(new Set(refusals));
});

test("the close codes and what a client does after each match the code", () => {
  const shown = rows("## Close codes").map(([code, name, , policy]) => [
    name,
    Number(code),
    policy?.split(/,? /)[0],
  ]);
  expect(shown).toEqual(
    Object.entries(Close).map(([name, code]) => [name as CloseName, code, closePolicy(code, false)]),
  );
});

test("the limits, their variables and their defaults match the code", () => {
  const shown = rows("## Limits");
  expect(Object.fromEntries(shown.map(([limit, , usual]) => [limit, Number(usual)]))).toEqual(defaultLimits);
  for (const [limit, variable = ""] of shown) {
    const { settings } = readEnvironment({ [variable]: "2001" }, { port: 0, servers: [] });
    const jobs = readEnvironment({ [variable]: "900" }, { port: 0, servers: [] });
    expect((settings ?? jobs.settings)?.limits).not.toEqual(defaultLimits);
    expect({ ...(settings ?? jobs.settings)?.limits, [limit ?? ""]: 0 }).toEqual({
      ...defaultLimits,
      [limit ?? ""]: 0,
    });
  }
});

test("numbers in running text match the code", () => {
  expect(text).toContain(`${bounds.text} UTF-16 code units of text, ${bounds.id} of \`id\``);
  expect(text).toContain(`${bounds.closeReasonBytes} bytes of a close reason`);
  const [clients, jobs] = [bounds.clients, bounds.jobTopics].map((count) => count.toLocaleString("en"));
  expect(text).toContain(
    `the last ${bounds.answers} ids of a client, ${clients} clients and the topics of ${jobs} jobs`,
  );
  expect(text).toContain(`an ended job for ${bounds.rememberedMs / 1_000} s`);
  expect(text).toContain(
    `The last ${bounds.answers} ids of a client are remembered, for two minutes after it left`,
  );
  expect(text).toContain(`for at most ${clients} clients`);
  expect(text).toContain(`# \`${subprotocol}\``);
});

test("every path has a row, and says whether a WebSocket is spoken there", () => {
  const shown = rows("## Endpoints").map(([endpoint = ""]) => endpoint.replace(/\?.*/, "").split(" "));
  const kinds = Object.values(paths).map((path) => [isEndpoint(path) ? "WS" : "GET", path]);
  expect(shown).toEqual(kinds);
});

test("every link within the document has a target", () => {
  const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-"),
  );
  for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(anchor);
});
