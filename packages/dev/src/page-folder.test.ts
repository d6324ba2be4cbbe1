import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PageFolder } from "./page-folder.ts";

const home = mkdtempSync(join(tmpdir(), "page-folder-"));
afterAll(() => rmSync(home, { recursive: true }));

function build(script: string, ...chunks: string[]): string {
  const folder = mkdtempSync(join(home, "build-"));
  mkdirSync(join(folder, "assets"));
  for (const name of [script, ...chunks]) writeFileSync(join(folder, "assets", name), name);
  writeFileSync(join(folder, "index.html"), `<head><script src="./assets/${script}"></script></head>`);
  return folder;
}

function folder(name: string): { page: PageFolder; assets: () => string[]; index: () => string } {
  const page = new PageFolder(join(home, name), {
    eventsUrl: "http://127.0.0.1:3100/",
    facts: { failures: "http://127.0.0.1:3100/failures" },
  });
  return {
    page,
    assets: () => readdirSync(join(page.path, "assets")).sort(),
    index: () => readFileSync(join(page.path, "index.html"), "utf8"),
  };
}

test("the page gets a second script, by which it hears that it is out of date", () => {
  const { page, assets, index } = folder("first");
  expect(page.publish(build("main-1.js", "a-1.js"))).toBe(true);
  expect(index()).toBe(
    '<head><script src="./assets/main-1.js"></script><script type="module" ' +
      'src="./assets/reload.js?events=http%3A%2F%2F127.0.0.1%3A3100%2F"></script>\n    <meta name="rosetta-failures" content="http://127.0.0.1:3100/failures">\n  </head>',
  );
  expect(assets()).toEqual(["a-1.js", "main-1.js", "reload.js"]);
});

test("the same build again changes nothing", () => {
  const { page } = folder("same");
  expect(page.publish(build("main-1.js"))).toBe(true);
  expect(page.publish(build("main-1.js"))).toBe(false);
});

test("files beside the page are put in, too, and are replaced", () => {
  const { page } = folder("beside");
  const withStep = (text: string): string => {
    const made = build("main-1.js");
    mkdirSync(join(made, "steps"));
    writeFileSync(join(made, "steps/1-echo.html"), text);
    return made;
  };
  const step = () => readFileSync(join(page.path, "steps/1-echo.html"), "utf8");
  expect(page.publish(withStep("one"))).toBe(true);
  expect(step()).toBe("one");
  expect(page.publish(withStep("two"))).toBe(true);
  expect(step()).toBe("two");
  expect(page.publish(withStep("two"))).toBe(false);
});

test("the files of the build before stay, because a page may be open, and older ones go", () => {
  const { page, assets, index } = folder("builds");
  page.publish(build("main-1.js", "a-1.js", "b-1.js"));
  page.publish(build("main-2.js", "a-1.js", "b-2.js"));
  expect(assets()).toEqual(["a-1.js", "b-1.js", "b-2.js", "main-1.js", "main-2.js", "reload.js"]);
  page.publish(build("main-3.js", "b-2.js"));
  expect(assets()).toEqual(["a-1.js", "b-2.js", "main-2.js", "main-3.js", "reload.js"]);
  expect(index()).toContain("main-3.js");
});

test("the pages in its folder of steps are replaced, although their names stay the same", () => {
  const { page } = folder("steps");
  for (const text of ["first", "second"]) {
    const next = build("main-1.js");
    mkdirSync(join(next, "steps/lib"), { recursive: true });
    for (const name of ["1-echo.html", "lib/htmx.js"]) writeFileSync(join(next, "steps", name), text);
    page.publish(next);
    expect(readFileSync(join(page.path, "steps/1-echo.html"), "utf8")).toBe(text);
    expect(readFileSync(join(page.path, "steps/lib/htmx.js"), "utf8")).toBe(text);
  }
});

test("the page before stays whole when a build cannot be put in", () => {
  const { page, index } = folder("broken");
  page.publish(build("main-1.js"));
  expect(() => page.publish(join(home, "no-build"))).toThrow("ENOENT");
  expect(index()).toContain("main-1.js");
});
