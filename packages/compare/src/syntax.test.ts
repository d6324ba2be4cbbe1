import { expect, test } from "vitest";
import { readSyntax } from "./syntax.ts";

function syntaxOf(text: string) {
  const syntax = readSyntax(new Map([["x.ts", text]])).get("x.ts");
  if (!syntax) throw new Error("not read");
  return syntax;
}

const values = (text: string) => syntaxOf(text).literals.map((literal) => literal.value);
const exported = (text: string) => syntaxOf(text).exports.map((found) => found.name);
const modules = (text: string) => syntaxOf(text).modules.map((found) => found.name);

test("literals are strings, template parts and numbers, with their lines", () => {
  const text = "f(\"a\");\nf('b', `c`,\n`d$" + "{1}e$" + '{2}f`);\ntype T = "g";';
  expect(syntaxOf(text).literals.map(({ value, line }) => [value, line])).toEqual([
    ["a", 1],
    ["b", 2],
    ["c", 2],
    ["d", 3],
    [1, 3],
    ["e", 3],
    [2, 3],
    ["f", 3],
    ["g", 4],
  ]);
});

test("comments, regular expressions and words are no literals", () => {
  expect(values('// "a"\n/* "b" */ const c = /["\'`]d/.test(e) ? f / g / h : i;')).toEqual([]);
});

test("a number counts by its value, however it is written", () => {
  expect(values("[0x3f4, 1_012, 1e3]")).toEqual([1012, 1012, 1000]);
});

test("a literal knows the function that it is passed to", () => {
  const { literals } = syntaxOf('ws.on("a", "b"); once(ws, "c"); const d = { e: "f" };');
  expect(literals.map(({ value, argumentOf }) => [value, argumentOf])).toEqual([
    ["a", "on"],
    ["b", "on"],
    ["c", "once"],
    ["f", undefined],
  ]);
});

test("modules are found in static, dynamic and type imports and in re-exports", () => {
  const text = 'import "a"; import type { B } from "b"; export { c } from "c"; const d = await import("d");';
  expect(modules(text)).toEqual(["a", "b", "c", "d"]);
  expect(values(text)).toEqual([]);
});

test("values that are imported by name are found with their module, as that calls them", () => {
  const text = 'import a, { b, c as d } from "e";\nimport { type F } from "f";\nimport * as g from "h";';
  expect(syntaxOf(text).imports).toEqual([
    { name: "b", module: "e" },
    { name: "c", module: "e" },
  ]);
});

test("exports are found in every form", () => {
  expect(exported("export const a = 1, b = 2; export const { c, d: [e] } = f;")).toEqual([
    "a",
    "b",
    "c",
    "e",
  ]);
  expect(exported("export function a() {} export async function b() {} export class C {}")).toEqual([
    "a",
    "b",
    "C",
  ]);
  expect(exported("export type A = 1; export interface B {}")).toEqual(["A", "B"]);
  expect(exported('export { a, b as c }; export type { D } from "d"; export * as e from "e";')).toEqual([
    "a",
    "c",
    "D",
    "e",
  ]);
  expect(exported('export * from "a"; export default 1;')).toEqual(['* from "a"', "default"]);
  expect(exported("export default function a() {}")).toEqual(["default"]);
  expect(exported("const a = 1; function b() { const c = 2; }")).toEqual([]);
});

test("text that is not TypeScript is an error with a line", () => {
  expect(syntaxOf("const a = 1;\nconst = ;").errors[0]).toMatchObject({ line: 2 });
});
