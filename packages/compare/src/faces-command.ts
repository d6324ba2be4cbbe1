// The command behind `pnpm -C packages/compare run faces`: checks the names that packages show to others.
import { globSync } from "node:fs";
import { styleText } from "node:util";
import { checkFaces } from "./face-rules.ts";
import { readFaces } from "./faces.ts";
import { root } from "./playwright.ts";
import { count, printFindings } from "./report.ts";

const help = `pnpm -C packages/compare run faces    checks that no two packages export types of one name, and that each public
                                      name of client, hub and protocol has a docstring`;

const [argument] = process.argv.slice(2);
if (argument === "--help" || argument === "-h") console.log(help);
else if (argument !== undefined) refuse(argument);
else check();

function check(): void {
  const folders = globSync("packages/*/src/index.ts", { cwd: root }).map(
    (file) => file.split("/src/")[0] ?? file,
  );
  const faces = readFaces({ root, config: "tsconfig.node.json", folders: folders.sort() });
  const findings = checkFaces(faces);
  if (findings.length > 0) {
    process.exitCode = printFindings(findings);
    return;
  }
  const names = faces.reduce((sum, face) => sum + face.names.length, 0);
  console.log(styleText("green", `${count(faces.length, "face")}, ${count(names, "name")}: nothing found`));
}

function refuse(argument: string): void {
  console.error(`${argument}: expected nothing or --help`);
  process.exitCode = 2;
}
