import { expect, test } from "vitest";
import { explained, parseGlossary, readTerms } from "./glossary.ts";

const text = `# How

| word | what it means |
|---|---|
| frame | The smallest unit. |
| job | Work, as \`start\` begins it. |

More.

| another | table |
|---|---|
| one | two |
`;

test("the glossary is the table of words", () => {
  expect([...parseGlossary(text)]).toEqual([
    ["frame", "The smallest unit."],
    ["job", "Work, as start begins it."],
  ]);
});

test("every word that is explained in code is in the glossary", () => {
  expect(new Set(Object.keys(readTerms()))).toEqual(explained);
  expect(readTerms()).toMatchObject({ session: "One connection as the hub sees it." });
});
