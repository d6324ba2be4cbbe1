import { globSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, root } from "@rosetta/manifest";
import {
  type Closure,
  closureOf,
  type ProjectFiles,
  packageFolderOf,
  readSource,
  versionOf,
} from "./closure.ts";
import { buildCourse, buildRoom } from "./page.ts";
import { buildImage, type RuntimeFacts, runtimeOf, workspaceFile } from "./runtimes.ts";
import { edited, fill } from "./template.ts";

/** What an app becomes. */
export interface AppOptions {
  server: Manifest;
  /** What the project is called: a name for npm. */
  name: string;
  /** With the extras of the hub, and the course as its page. */
  all: boolean;
}

/** The folder of the files that every project gets. */
const templates = "packages/eject/project";

const viteConfig = "vite.config.ts";

/** What a project has instead of a package of ours. */
const given = { "@rosetta/page": "src/page.ts" };

/** Returns the files of a project that is one server and nothing else. */
export async function appFiles({ server, name, all }: AppOptions): Promise<ProjectFiles> {
  const runtime = runtimeOf(server);
  const main = `apps/${server.id}/src/main.ts`;
  const own = templateNames("{src,test}/**/*.ts", ...(all ? [] : ["page/*.ts"]));
  const closure = closureOf(
    [
      { from: main, to: "src/main.ts", text: mainText(main, all) },
      ...own.map((to) => ({ from: `${templates}/${to}`, to })),
    ],
    given,
  );
  const words = wordsOf({ server, name, all }, runtime);
  const texts = templateNames("*", ...(all ? [] : ["page/*.{html,css}"]))
    .filter((path) => path !== viteConfig)
    .map((path) => [placeOf(path, name), fill(readSource(`${templates}/${path}`), words)] as const);
  return new Map<string, string | Uint8Array>([
    ...closure.files,
    ...texts,
    ["LICENSE", readSource("LICENSE")],
    ["PROTOCOL.md", protocolText()],
    ["protocol.schema.json", readSource("packages/protocol/protocol.schema.json")],
    ["package.json", print(packageOf({ server, name, all }, runtime, closure))],
    ["server.json", print({ id: name, title: name, port: server.port })],
    ...tsconfigs(runtime, all),
    ...workspaceFile(runtime),
    ...(all ? await buildCourse() : [...pageBuild(), ...(await buildRoom(name))]),
  ]);
}

// Changes of main.ts, which is the same in every app. The project is alone, so there are no other servers to list.
const alone: [search: string, replace: string][] = [
  [" Byte for byte the same in every app.", ""],
  ['import { readManifests } from "@rosetta/manifest";\n', ""],
  ["import { readEnvironment, urlOf }", "import { readEnvironment }"],
  [
    "const servers = readManifests().map(({ id, title, port }) => ({ id, title, url: urlOf(host, port) }));\n",
    "",
  ],
  ["{ port: manifest.port, servers }", "{ port: manifest.port, servers: [] }"],
];
const withoutExtras: [search: string, replace: string][] = [
  ['import { createExtras } from "@rosetta/hub/extras";\n', ""],
  ["  extras: createExtras(),\n", ""],
];

/** Returns how the page of a project is built. */
function pageBuild(): [path: string, text: string][] {
  const path = `${templates}/${viteConfig}`;
  const config = edited(path, readSource(path), [
    ["@rosetta/page/compressed-files", "./compressed-files.ts"],
  ]);
  return [
    [viteConfig, config],
    ["compressed-files.ts", readSource("packages/page/build/compressed-files.ts")],
  ];
}

function mainText(path: string, all: boolean): string {
  return edited(path, readSource(path), [...alone, ...(all ? [] : withoutExtras)]);
}

/** What the README and the Dockerfile say of a project without the extras, whose page is a room. */
const roomWords = {
  build: "RUN npm run types && npm run build",
  page: "`page/`, then run `npm run build`. It is built to `public/`, which is what the server serves",
  extras:
    "The protocol also has messages that start jobs or cause failures. This server refuses them (`src/hub/extras.ts`).",
  built: " `npm run build` builds the page, and needs to run only when you change it.",
};

/** The same of a project with them, whose page is the course. */
const courseWords = {
  build: "RUN npm run types",
  page: "`public/` is the course of WebSocket Rosetta, built. Put your own page there, and remove the copies that end in `.br` and `.gz`: browsers get these if they are there",
  extras:
    "`src/hub/extras/` has the weather, a match, jobs, and failures on request, for which you set `CHAOS=1`. Remove `extras` from `src/main.ts` to get rid of all of them.",
  built: "",
};

function packageOf({ server, name, all }: AppOptions, runtime: RuntimeFacts, closure: Closure): object {
  const { scripts, packages, engines, builds } = runtime;
  const tools = {
    typescript: versionOf("typescript", "package.json"),
    ...(all ? {} : { vite: toolVersion("vite") }),
  };
  return {
    name,
    version: "0.1.0",
    private: true,
    license: "MIT",
    type: "module",
    engines,
    imports: sorted(closure.imports),
    scripts: {
      start: server.start.join(" "),
      ...scripts,
      types: all ? "tsc" : "tsc && tsc -p page",
      ...(all ? {} : { build: "vite build" }),
    },
    dependencies: sorted(closure.packages),
    devDependencies: sorted({ ...typesOf(server, closure), ...packages, ...tools }),
    ...(builds.length === 0 ? {} : { allowScripts: Object.fromEntries(builds.map((each) => [each, true])) }),
  };
}

// The types of packages that bring none.
function typesOf({ id }: Manifest, { packages }: Closure): Record<string, string> {
  const app = `apps/${id}/package.json`;
  const { devDependencies = {} } = JSON.parse(readSource(app)) as {
    devDependencies?: Record<string, string>;
  };
  const names = Object.keys(devDependencies).filter((name) => packages[name.replace("@types/", "")]);
  return Object.fromEntries(names.map((name) => [name, versionOf(name, app)]));
}

function toolVersion(name: string): string {
  return versionOf(name, `${packageFolderOf(templates)}/package.json`);
}

function tsconfigs({ compilerOptions }: RuntimeFacts, all: boolean): [path: string, text: string][] {
  const base = JSON.parse(readSource("tsconfig.json")).compilerOptions;
  const main = {
    compilerOptions: { ...base, ...compilerOptions },
    include: ["src", "test"],
  };
  const page = {
    extends: "../tsconfig.json",
    compilerOptions: {
      lib: ["es2024", "dom", "dom.iterable"],
      module: "preserve",
      moduleResolution: "bundler",
      types: [],
    },
    include: ["."],
  };
  return [
    ["tsconfig.json", print(main)],
    ...(all ? [] : [["page/tsconfig.json", print(page)] as [string, string]]),
  ];
}

function wordsOf({ server, name, all }: AppOptions, runtime: RuntimeFacts): Record<string, string> {
  const shell = server.start.join(" ");
  return {
    name,
    title: server.title,
    shell,
    command: JSON.stringify(server.start).replaceAll(",", ", "),
    port: String(server.port),
    runtime: runtime.needed,
    image: runtime.image,
    buildImage: buildImage(),
    user: runtime.user,
    ...(all ? courseWords : roomWords),
  };
}

// A leading dot would make git and the tools of this repository obey the file.
function placeOf(path: string, name: string): string {
  if (path === "unit.service") return `${name}.service`;
  return path.replace(/^_/, ".");
}

// What the document says of this repository.
const aboutUs: [search: string, replace: string][] = [
  [
    " Every server in `apps/` keeps it; the few exceptions are listed in the server's `server.json`. Tests check every frame below against the code and play every sequence against the hub (`packages/hub/src/document.test.ts`).",
    "",
  ],
  ["`pnpm worst` measures what this comes to:", "WebSocket Rosetta has measured what this comes to:"],
];

function protocolText(): string {
  const path = "packages/protocol/PROTOCOL.md";
  // A project has no pages but its own.
  const text = readSource(path).replace(/^.*client\/steps.*\n/gm, "");
  return edited(path, text, aboutUs);
}

function templateNames(...patterns: string[]): string[] {
  const cwd = join(root, templates);
  return globSync(patterns, { cwd, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(cwd.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}

function print(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function sorted(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
