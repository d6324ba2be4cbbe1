// The command behind `pnpm -C packages/publish run dist`.
import { relative } from "node:path";
import { build } from "./build.ts";
import { publishedPackages } from "./packages.ts";

for (const source of publishedPackages()) {
  console.log(
    `${relative(process.env.INIT_CWD ?? process.cwd(), build(source))} is what \`npm publish\` takes`,
  );
}
