// The command behind `pnpm -C packages/compare run faces`: checks the names that packages show to others.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { checkFaces, type KnownFaults, stillBroken } from "./face-rules.ts";
import { readFaces } from "./faces.ts";
import { root } from "./playwright.ts";
import { count, printFindings } from "./report.ts";

const help = `pnpm -C packages/compare run faces            no two packages export types of one name, and each public name
                                              of client, hub and protocol has a docstring
pnpm -C packages/compare run faces --record   takes what is mended from packages/compare/faces.json, the list of
                                              faults that are known. It never adds one`;

const record = "packages/compare/faces.json";
const [argument, ...more] = process.argv.slice(2);

if (argument === "--help" || argument === "-h") console.log(help);
else if (more.length > 0 || (argument !== undefined && argument !== "--record")) refuse();
else check(argument === "--record");

function check(shrink: boolean): void {
  const folders = globSync("packages/*/src/index.ts", { cwd: root }).map(
    (file) => file.split("/src/")[0] ?? file,
  );
  const faces = readFaces({ root, config: "tsconfig.node.json", folders: folders.sort() });
  let known = JSON.parse(readFileSync(join(root, record), "utf8")) as KnownFaults;
  if (shrink) {
    known = stillBroken(faces, known);
    writeFileSync(join(root, record), `${JSON.stringify(known, undefined, 2)}\n`);
  }
  const findings = checkFaces(faces, known, record);
  if (findings.length > 0) {
    process.exitCode = printFindings(findings);
    return;
  }
  const left = known.sameName.length + known.noDocstring.length;
  const names = faces.reduce((sum, face) => sum + face.names.length, 0);
  const sizes = `${count(faces.length, "face")}, ${count(names, "name")}`;
  console.log(
    styleText("green", `${sizes}: nothing new found; ${count(left, "known fault")} left in ${record}`),
  );
}

function refuse(): void {
  console.error(`${process.argv.slice(2).join(" ")}: expected nothing or --record`);
  process.exitCode = 2;
}
