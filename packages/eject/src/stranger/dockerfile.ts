// Builds what a Dockerfile describes, without Docker: each stage is a folder, and its steps are run there as commands.
// What an image brings, such as Node, has to be on this machine.

import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** A stage that was built. */
export interface BuiltImage {
  /** The folder that stands for `WORKDIR`. */
  folder: string;
  variables: Record<string, string>;
  /** The program and its arguments. */
  command: string[];
}

/** Plays a Dockerfile. `context` is the project, `stagesFolder` an empty folder for the stages. */
export async function playDockerfile(
  text: string,
  context: string,
  stagesFolder: string,
  runStep: (folder: string, line: string) => Promise<unknown>,
): Promise<BuiltImage> {
  const stages = new Map<string, string>();
  const image: BuiltImage = { folder: "", variables: {}, command: [] };
  for (const { name, rest } of stepsOf(text)) {
    if (name === "FROM") {
      const [, , stage = "final"] = rest.split(/\s+/);
      image.folder = join(stagesFolder, stage);
      stages.set(stage, image.folder);
      mkdirSync(image.folder, { recursive: true });
    } else if (name === "COPY") copy(rest, context, image.folder, stages);
    else if (name === "RUN") await runStep(image.folder, rest);
    else if (name === "ENV") {
      for (const pair of rest.split(" "))
        image.variables[pair.split("=")[0] ?? ""] = pair.split("=")[1] ?? "";
    } else if (name === "CMD") image.command = JSON.parse(rest);
    else if (!["WORKDIR", "USER", "EXPOSE"].includes(name)) throw new Error(`${name} is not played here`);
  }
  return image;
}

/** Returns the instructions of a Dockerfile, without comments. */
export function stepsOf(text: string): { name: string; rest: string }[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name = "", rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    return { name, rest };
  });
}

// A path from another stage begins with the working directory, `/app`.
function copy(rest: string, context: string, folder: string, stages: Map<string, string>): void {
  const [, from] = /^--from=(\S+) /.exec(rest) ?? [];
  const source = from === undefined ? context : stages.get(from);
  if (source === undefined) throw new Error(`there is no stage ${from}`);
  const paths = rest.replace(/^--from=\S+ /, "").split(" ");
  const target = join(folder, paths.pop() ?? "");
  for (const path of paths) {
    const own = path.replace(/^\/app\/?/, "");
    const isFile = /\.\w+$/.test(own);
    cpSync(join(source, own), isFile ? join(target, own) : target, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => from !== undefined || !file.includes("node_modules"),
    });
  }
}
