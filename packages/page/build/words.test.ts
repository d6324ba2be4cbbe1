import { expect, test } from "vitest";
import { textsIn, wordsOf } from "./words.ts";

/** Returns the texts in a piece of TypeScript. */
function texts(source: string): string[] {
  return wordsOf("panel.ts", source).map(({ text }) => text);
}

test("a template has its texts, the attributes that are read out, and what its expressions choose between", () => {
  const source = `
    const view = html\`<p class="far away" aria-label="State of the wire">Nothing <b>yet</b>.</p>
      <button title=\${isOpen ? "Close it" : "closed"} ?disabled=\${state === "not yet open" || off}>\${isOpen ? "close" : "open"}</button>\`;
  `;
  expect(texts(source)).toEqual([
    "State of the wire",
    "Nothing yet.",
    "Close it",
    "closed",
    "not yet open",
    "close",
    "open",
  ]);
});

test("a string outside of a template is a text if it looks like words", () => {
  const source = `
    import { a } from "some words";
    const style = css\`p { margin: 0 auto; }\`;
    const found = [
      "Choose a file first.", "Round", "open", "./panel.ts", "image/svg+xml",
      \`lost after \${ms} ms\`,
    ];
  `;
  expect(texts(source)).toEqual(["Choose a file first.", "Round", "lost after … ms"]);
});

test("each text has its line", () => {
  expect(wordsOf("a.ts", 'const one = 1;\n\nconst two = "second thoughts";')).toEqual([
    { line: 3, text: "second thoughts" },
  ]);
});

test("HTML has texts without its comments and tags", () => {
  expect(textsIn('<!-- not this --><h1 id="no way">Room&nbsp;<i>a</i></h1><p>and more</p>')).toEqual([
    "Room a",
    "and more",
  ]);
});
