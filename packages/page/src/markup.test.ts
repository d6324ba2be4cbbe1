import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Everything that turns text into markup, in Lit and in the browser. */
const makers =
  /unsafe(?:HTML|SVG|MathML|Static|CSS)|static-html|(?:inner|outer)HTML|insertAdjacentHTML|setHTML|srcdoc|createContextualFragment|DOMParser|document\.write/;

const folder = join(import.meta.dirname, "..");

function sources(): string[] {
  return ["src", "build"].flatMap((below) =>
    readdirSync(join(folder, below), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => join(below, name)),
  );
}

// Other people's text reaches the page only through Lit's bindings, which put it into text nodes.
test("no source of the page turns text into markup", () => {
  const found = sources().filter((name) => makers.test(readFileSync(join(folder, name), "utf8")));
  expect(sources().length).toBeGreaterThan(60);
  expect(found).toEqual([]);
});

test("the check recognizes code that makes markup", () => {
  for (const code of ["unsafeHTML(text)", "p.innerHTML = text", "frame.srcdoc = text"]) {
    expect(makers.test(code), code).toBe(true);
  }
});
