// The command behind `pnpm -C packages/compare run faces`: checks the names of types, and what packages show to others.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { root } from "@rosetta/manifest";
import { checkFaces } from "./face-rules.ts";
import { readFaces } from "./faces.ts";
import { count, printFindings } from "./print-findings.ts";
import { checkTypeNames, typesIn } from "./type-names.ts";

// The apps are missing on purpose: their columns are parallel, so that each has the same names for its own types.
const sources = ["packages/*/{src,build}/**/*.ts", "e2e/**/*.ts"];

const help = `pnpm -C packages/compare run faces    checks that no two types in packages and e2e share a name, and that each
                                      public name of client, hub and protocol has a docstring`;

const [argument] = process.argv.slice(2);
if (argument === "--help" || argument === "-h") console.log(help);
else if (argument !== undefined) refuse(argument);
else check();

function check(): void {
  const folders = globSync("packages/*/src/index.ts", { cwd: root }).map(
    (file) => file.split("/src/")[0] ?? file,
  );
  const faces = readFaces({ root, config: "tsconfig.node.json", folders: folders.sort() });
  const types = globSync(sources, { cwd: root, exclude: ["**/node_modules"] })
    .filter((file) => !file.endsWith(".test.ts"))
    .sort()
    .flatMap((file) => typesIn(file, readFileSync(join(root, file), "utf8")));
  const findings = [...checkTypeNames(types), ...checkFaces(faces)];
  if (findings.length > 0) {
    process.exitCode = printFindings(findings);
    return;
  }
  const names = faces.reduce((sum, face) => sum + face.names.length, 0);
  const checked = [count(types.length, "type"), count(faces.length, "face"), count(names, "public name")];
  console.log(styleText("green", `${checked.join(", ")}: nothing found`));
}

function refuse(argument: string): void {
  console.error(`${argument}: expected nothing or --help`);
  process.exitCode = 2;
}
