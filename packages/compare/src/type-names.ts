import type { Finding } from "./app-sources.ts";

/** A class, an interface or a type alias at the top of a file. */
export interface DeclaredType {
  name: string;
  exported: boolean;
  /** The path from the root of the repository. */
  file: string;
  line: number;
}

// Biome puts a declaration at the beginning of its line, so nothing needs to be parsed. `export type { … }` has no name.
const declaration = /^(?<exported>export )?(?:declare )?(?:abstract )?(?:class|interface|type) (?<name>\w+)/;

/** Returns the types that a file declares. */
export function typesIn(file: string, text: string): DeclaredType[] {
  return text.split("\n").flatMap((line, index) => {
    const { exported, name } = declaration.exec(line)?.groups ?? {};
    return name ? [{ name, exported: exported !== undefined, file, line: index + 1 }] : [];
  });
}

/**
 * Returns the types that share a name although they are different things: two that are exported, wherever they are,
 * and one that only its file knows, with an exported one of the same package. Of those that only their files know,
 * several may share a name, since nobody can import the wrong one.
 */
export function checkTypeNames(types: DeclaredType[]): Finding[] {
  const exported = Map.groupBy(
    types.filter((each) => each.exported),
    ({ name }) => name,
  );
  return types.flatMap((type) => {
    const others = (exported.get(type.name) ?? []).filter((other) => other !== type);
    const other = type.exported ? others[0] : others.find((each) => packageOf(each) === packageOf(type));
    return other ? [findingOf(type, other)] : [];
  });
}

function findingOf({ name, file, line }: DeclaredType, other: DeclaredType): Finding {
  const place = `${other.file}:${other.line}`;
  return {
    file,
    line,
    message: `${place} exports another type called ${name}: name each after its own job (CONTRIBUTING.md, glossary)`,
  };
}

/** `packages/hub`, or `e2e`. */
function packageOf({ file }: DeclaredType): string {
  const [top = "", folder = ""] = file.split("/");
  return top === "packages" ? `${top}/${folder}` : top;
}
