import type { Mutant } from "../mutant.ts";

function unit(name: string, test = name): Pick<Mutant, "file" | "tests"> {
  const [folder = "", file = ""] = name.split("/");
  const [, other = ""] = test.split("/");
  return { file: `packages/${folder}/src/${file}.ts`, tests: [`packages/${folder}/src/${other}.test.ts`] };
}

/** Mistakes in the tools: the manifest, the comparison, the suite's own parts, and what plays these mistakes. */
export const tools: Mutant[] = [
  {
    ...unit("manifest/health"),
    search: "        if (body.length > mostCharacters) request.destroy();\n",
    replace: "",
    why: "an endless body is read",
  },
  {
    ...unit("manifest/health"),
    search: "agent: false, signal }",
    replace: "agent: false, timeout: timeoutMs }",
    why: "an answer that drips has no end",
  },
  {
    ...unit("manifest/health"),
    search: 'return status === 200 && health === "ok"',
    replace: 'return health === "ok"',
    why: "a server that drains is well",
  },
  {
    ...unit("manifest/health"),
    search: 'if (typeof server !== "string" || !known.includes(server)) return "foreign";',
    replace: 'if (typeof server !== "string") return "foreign";',
    why: "another house's server is ours",
  },
  {
    ...unit("manifest/announcer"),
    search: "now - this.#since < stableMs",
    replace: "now - this.#since < 0",
    why: "a set is told before it is stable",
  },
  {
    ...unit("manifest/announcer"),
    search: "    this.#complained = true;\n",
    replace: "",
    why: "that there is no server is told again and again",
  },
  {
    ...unit("manifest/announcer"),
    search: "if (current === this.#told ||",
    replace: "if (",
    why: "the same set is told again",
  },
  {
    ...unit("manifest/regions"),
    search: "if (almostMarker.test(content)) throw",
    replace: "if (false) throw",
    why: "a misspelled marker is a comment",
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
    why: "a red test is none",
  },
  {
    ...unit("compare/cells"),
    search: "(?![\\\\w-])`",
    replace: "`",
    why: "a region's tests are those of its namesakes, too",
  },
  {
    ...unit("compare/tags"),
    search: "if (first) return [at(test, `${id} is already",
    replace: "if (false) return [at(test, `${id} is already",
    why: "an id may come twice",
  },
  {
    ...unit("compare/pool"),
    search: "        queue.length = 0;\n",
    replace: "",
    why: "after an error others begin",
  },
  {
    ...unit("compare/table"),
    search: "stripVTControlCharacters(cell).length",
    replace: "cell.length",
    why: "a colour takes room",
  },
  {
    ...unit("compare/lesson-rules"),
    search: "^## ",
    replace: "^# ",
    why: "a lesson has no sections",
    tests: ["packages/compare/src/lesson-rules.test.ts"],
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: 'if (status === "passed")',
    replace: 'if (status === "skipped")',
    why: "a deviation that is gone stays",
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: "neverDeclared.test(error) || ",
    replace: "",
    why: "a mistake in the suite is a deviation",
  },
  {
    file: "e2e/deviation.ts",
    tests: ["e2e/deviation.test.ts"],
    search: "stripVTControlCharacters(error)",
    replace: "error",
    why: "a coloured error shows something else",
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
    why: "a piece may stand there twice",
  },
  {
    ...unit("mutants/stale-entries"),
    search: "if (search === replace) problems.push",
    replace: "if (false) problems.push",
    why: "a mistake that changes nothing is listed",
  },
  {
    ...unit("mutants/quick"),
    search: "if (left < 0) return chosen;",
    replace: "",
    why: "a selection has no end",
  },
  {
    ...unit("mutants/report"),
    search: "good.includes(outcome.state)",
    replace: 'outcome.state !== "survived"',
    why: "what hangs is seen",
  },
  {
    ...unit("mutants/units"),
    search: "const found = failed ?? unloaded;",
    replace: "const found = failed;",
    why: "a file that does not load is green",
  },
];
