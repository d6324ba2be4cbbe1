import { expect, test } from "vitest";
import { readAppSources } from "./app-sources.ts";
import { checkEquality, equality, printEquality } from "./equality.ts";

function house(...texts: string[]) {
  const names = ["one", "two", "three"];
  return readAppSources(
    texts.map((text, index) => ({ id: names[index] as string, files: new Map([["a.ts", text]]) })),
  );
}

const region = (name: string, code: string) => `// #region ${name}\n${code}\n// #endregion ${name}\n`;

test("regions are equal if they have the same lines, ignoring indentation", () => {
  const one = region("send", "if (a) {\n  b();\n}") + region("ping", "ws.ping();");
  const two = region("send", "  if (a) {\nb();\n  }") + region("ping", "ws.ping();");
  const three = region("send", "if (a) b();") + region("ping", "ws.ping();");
  expect(equality(house(one, two, three))).toEqual({
    send: [["one", "two"]],
    ping: [["one", "two", "three"]],
  });
});

test("a region that is different everywhere has no group", () => {
  expect(equality(house(region("send", "a();"), region("send", "b();")))).toEqual({ send: [] });
});

test("the record is JSON with one line per region", () => {
  const equal = { send: [["one", "two"]], ping: [] };
  const text = printEquality(equal);
  expect(text).toBe('{\n  "send": [["one", "two"]],\n  "ping": []\n}\n');
  expect(JSON.parse(text)).toEqual(equal);
  expect(printEquality({})).toBe("{}\n");
});

const check = (now: Record<string, string[][]>, recorded: Record<string, string[][]>) =>
  checkEquality(now, recorded, "equal.json").map((finding) => finding.message);

test("apps that match the record give no finding", () => {
  expect(check({ send: [["one", "two"]], ping: [] }, { ping: [], send: [["one", "two"]] })).toEqual([]);
});

test("a difference names the region, the apps and the command", () => {
  const end = ": mend it, or record it with pnpm parity --record";
  expect(check({ send: [] }, { send: [["one", "two"]] })).toEqual([
    `region send is different in every app, recorded is equal in one and two${end}`,
  ]);
  expect(check({ send: [["one", "two"]] }, {})).toEqual([
    `region send is equal in one and two, recorded is absent${end}`,
  ]);
  expect(check({}, { send: [] })).toEqual([
    `region send is absent, recorded is different in every app${end}`,
  ]);
});
