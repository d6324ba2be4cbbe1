import { join, relative } from "node:path";
import type { FileSystem } from "typescript/unstable/fs";
import { API, type Checker, type Symbol as Declared, SymbolFlags } from "typescript/unstable/sync";

/** A name that others may use: an export of a package, or a public member of one, such as `Hub.open`. */
export interface FaceName {
  name: string;
  hasDocstring: boolean;
  /** The path from the root of the repository. */
  file: string;
  line: number;
}

/** The exports of a package's `src/index.ts`, by name. */
export interface Face {
  package: string;
  names: FaceName[];
}

/** Where the packages are: their folders below `root`, and the `tsconfig` that includes them. */
export interface Packages {
  root: string;
  config: string;
  folders: readonly string[];
  /** Default: the disk. */
  fs?: FileSystem;
}

const owners = SymbolFlags.Class | SymbolFlags.Interface;

/** Reads the faces of packages, as the compiler understands them. Throws if a package has no `src/index.ts`. */
export function readFaces({ root, config, folders, fs }: Packages): Face[] {
  const api = new API({ cwd: root, ...(fs && { fs }) });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, config)] }).getProjects();
    if (!project) throw new Error(`TypeScript did not open ${config}`);
    const { program, checker } = project;
    return folders.map((folder) => {
      const file = program.getSourceFile(join(root, folder, "src/index.ts"));
      const module = file && checker.getSymbolAtLocation(file);
      if (!module) throw new Error(`${folder} has no face: ${config} includes no src/index.ts of it`);
      const names = checker.getExportsOfModule(module).flatMap((each) => namesOf(each, checker, root));
      return { package: folder.split("/").at(-1) ?? folder, names: names.sort(byName) };
    });
  } finally {
    api.close();
  }
}

function byName(one: FaceName, other: FaceName): number {
  return one.name < other.name ? -1 : 1;
}

function namesOf(exported: Declared, checker: Checker, root: string): FaceName[] {
  const { name } = exported;
  const declared = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  const own = faceName(name, declared, checker, root);
  if (!(declared.flags & owners)) return [own];
  const members = [...declared.getMembers().values()].filter(isPublicMember);
  return [own, ...members.map((each) => faceName(`${name}.${each.name}`, each, checker, root))];
}

// The compiler's own names begin with two underscores: those of constructors, of signatures and of `#private` members.
function isPublicMember({ escapedName, flags }: Declared): boolean {
  return !escapedName.startsWith("__") && !(flags & SymbolFlags.TypeParameter);
}

function faceName(name: string, declared: Declared, checker: Checker, root: string): FaceName {
  const node = declared.declarations[0]?.resolve();
  if (!node) throw new Error(`TypeScript does not say where ${name} is declared`);
  const file = node.getSourceFile();
  return {
    name,
    hasDocstring: checker.getDocumentationCommentOfSymbol(declared) !== "",
    file: relative(root, file.fileName),
    line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1,
  };
}
