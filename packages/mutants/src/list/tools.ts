import type { Mutant } from "../mutant.ts";

function unit(name: string, test = name): Pick<Mutant, "file" | "tests"> {
  const [folder = "", file = ""] = name.split("/");
  const [, other = ""] = test.split("/");
  return { file: `packages/${folder}/src/${file}.ts`, tests: [`packages/${folder}/src/${other}.test.ts`] };
}

/** Mistakes in the tools: the dev loop, the comparison, the suite's own parts, and what plays these mistakes. */
export const tools: Mutant[] = [
  {
    ...unit("dev/supervisor"),
    search: "if (!this.#process || this.#asked.has(this.#process)) return;",
    replace: "if (!this.#process) return;",
    why: "a server that drains is asked to end again",
  },
  {
    ...unit("dev/supervisor"),
    search: "    if (this.#work) this.#ask();\n",
    replace: "",
    why: "a start that is out of date is waited for",
  },
  {
    ...unit("dev/supervisor"),
    search: "if (this.#next || this.#isStopping) continue;",
    replace: "if (this.#next) continue;",
    why: "a server starts after the stop",
  },
  {
    ...unit("dev/supervisor"),
    search: "      await this.#end();\n      if (this.#next",
    replace: "      void this.#end();\n      if (this.#next",
    why: "the new server does not wait for the end of the old one",
  },
  {
    ...unit("dev/source-watch", "dev/saves"),
    search: "snapshot.keys()].map(dirname)",
    replace: "snapshot.keys()].slice(0, 0)",
    why: "nothing is watched",
  },
  {
    ...unit("dev/sources"),
    search: "      queue.push(...file.imports);\n",
    replace: "",
    why: "a change of an imported file is not seen",
  },
  {
    ...unit("dev/sources"),
    search: "hash.update(`${path} ${state.hash}\\n`)",
    replace: "hash.update(`${path} ${state.modified}\\n`)",
    why: "a page loads again after a touch",
  },
  {
    ...unit("dev/page-folder"),
    search: "[new Set(names), ...this.#builds].slice(0, 2)",
    replace: "[new Set(names)]",
    why: "an open page loses the parts that it has not loaded yet",
  },
  {
    ...unit("dev/plan"),
    search: "await Promise.all(held.map(close));\n  return ports;",
    replace: "return ports;",
    why: "a free port stays taken",
  },
  {
    ...unit("dev/plan"),
    search: "usual, eventsOrigin, ...slowUrls",
    replace: "usual, ...slowUrls",
    why: "the policy keeps the page from hearing that it is out of date",
  },
  {
    ...unit("manifest/regions"),
    search: "if (almostMarker.test(content)) throw",
    replace: "if (false) throw",
    why: "a misspelled marker counts as a comment",
  },
  {
    ...unit("manifest/regions"),
    search: "if (open) throw new RegionError(file, open.line,",
    replace: "if (!open && false) throw new RegionError(file, 0,",
    why: "a region need not be closed",
  },
  {
    ...unit("compare/cells"),
    search: "if (red) return {",
    replace: "if (red && false) return {",
    why: "a failed test does not count",
  },
  {
    ...unit("compare/cells"),
    search: "(?![\\\\w-])`",
    replace: "`",
    why: "a region also gets the tests of regions whose names begin alike",
  },
  {
    ...unit("compare/ladder"),
    search: "if (lost.length <= mostLost) return [];",
    replace: "if (lost.length <= 2 * mostLost) return [];",
    why: "a rung may change much of the one before",
  },
  {
    ...unit("compare/ladder"),
    search: "    rest.set(line, left - 1);\n",
    replace: "",
    why: "one of two equal lines can go unnoticed",
  },
  {
    ...unit("compare/ladder"),
    search: "return count <= most ? []",
    replace: "return count <= most + 1 ? []",
    why: "a rung can be a line too long",
  },
  {
    ...unit("compare/climb"),
    search: "(there === undefined || !isGreen(test, there))",
    replace: "true",
    why: "every rung wins the tests of those below it",
  },
  {
    ...unit("compare/climb"),
    search: 'verdict === "passed" || verdict === "deviates"',
    replace: 'verdict === "passed"',
    why: "a known difference counts as a failure of the rung",
  },
  {
    ...unit("dev/step"),
    search: "values.port || env.PORT ||",
    replace: "env.PORT || values.port ||",
    why: "a port on the command line is ignored",
  },
  {
    ...unit("compare/tags"),
    search: "if (first) return [at(test, `${id} is already",
    replace: "if (false) return [at(test, `${id} is already",
    why: "two tests may have one id",
  },
  {
    ...unit("compare/pool"),
    search: "        queue.length = 0;\n",
    replace: "",
    why: "other jobs still begin after an error",
  },
  {
    ...unit("compare/table"),
    search: "stripVTControlCharacters(cell).length",
    replace: "cell.length",
    why: "a colour counts towards a cell's width",
  },
  {
    ...unit("compare/lesson-rules"),
    search: "^## ",
    replace: "^# ",
    why: "a lesson has no sections",
    tests: ["packages/compare/src/lesson-rules.test.ts"],
  },
  {
    ...unit("eject/write"),
    search: "if (isInside(folder)) {",
    replace: "if (false) {",
    why: "a project is written into the repository",
  },
  {
    ...unit("eject/write"),
    search: "  if (isEmptyFolder(folder)) return;",
    replace: "  return;",
    why: "a project is written over somebody's files",
  },
  {
    ...unit("eject/template"),
    search: "if (word === undefined) throw",
    replace: "if (false) throw",
    why: "a project has a place without its word",
  },
  {
    ...unit("eject/arguments"),
    search: 'if (values.all) throw new EjectError("--all and --step',
    replace: 'if (false) throw new EjectError("--all and --step',
    why: "a rung is promised with extras",
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: 'if (status === "passed")',
    replace: 'if (status === "skipped")',
    why: "a deviation that is gone is not noticed",
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: "neverDeclared.test(error) || ",
    replace: "",
    why: "a mistake in the suite counts as a deviation",
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: "stripVTControlCharacters(error)",
    replace: "error",
    why: "colours hide what an error shows",
  },
  {
    ...unit("testkit/http"),
    search: "kept = defaults.filter(([name]) => !changed.has(name.toLowerCase()))",
    replace: "kept = defaults.filter(([name]) => !changed.has(name))",
    why: "a header is sent twice",
  },
  {
    ...unit("testkit/http"),
    search: "    this.#bytes = this.#bytes.length ? Buffer.concat([this.#bytes, bytes]) : bytes;",
    replace: "    this.#bytes = bytes;",
    why: "an answer in pieces is not read",
  },
  {
    ...unit("mutants/mutant"),
    search: "before === undefined || after === undefined || more.length > 0",
    replace: "before === undefined || after === undefined",
    why: "the piece to replace may occur twice",
  },
  {
    ...unit("mutants/stale-entries"),
    search: "if (search === replace) problems.push",
    replace: "if (false) problems.push",
    why: "a mistake that changes nothing may be listed",
  },
  {
    ...unit("mutants/quick"),
    search: "if (left < 0) return chosen;",
    replace: "",
    why: "a selection is never full",
  },
  {
    ...unit("mutants/report"),
    search: "good.includes(outcome.state)",
    replace: 'outcome.state !== "survived"',
    why: "a run that hangs counts as caught",
  },
  {
    ...unit("mutants/units"),
    search: "const found = failed ?? unloaded;",
    replace: "const found = failed;",
    why: "a test file that does not load counts as passed",
  },
];
