import { expect, test } from "vitest";
import { edited, fill, projectName } from "./template.ts";

test("each place of a template gets its word, as it is", () => {
  expect(fill("{{a}} and {{b}}, {{a}}", { a: "$&", b: "2" })).toBe("$& and 2, $&");
});

test("a place without a word is an error", () => {
  expect(() => fill("{{c}}", { a: "1" })).toThrow("a template asks for {{c}}");
});

test.each([
  ["my-chat", "my-chat"],
  ["My Chat 2", "my-chat-2"],
  ["_chat.", "chat"],
  ["チャット", "server"],
])("%s becomes the name %s", (folder, name) => {
  expect(projectName(folder)).toBe(name);
});

test("a text is edited where it has what is searched for exactly once, and nowhere else", () => {
  expect(
    edited("x", "a b", [
      ["a", "$&"],
      ["b", "c"],
    ]),
  ).toBe("$& c");
  for (const search of ["a", "z", ""]) {
    expect(() => edited("x.ts", "a a", [[search, ""]])).toThrow(/^x\.ts has not ".?" exactly once$/);
  }
});
