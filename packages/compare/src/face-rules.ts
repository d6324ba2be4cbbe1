import type { Face, FaceName } from "./faces.ts";
import type { Finding } from "./house.ts";

/** What breaks a rule today, and is to be mended. Names are written as in a finding. */
export interface KnownFaults {
  /** Names of types that more than one package exports. */
  sameName: string[];
  /** Names without a docstring, each after its package: `hub Hub.open`. */
  noDocstring: string[];
}

/** The packages in which every public name has a docstring: an app or a user reads them in the editor. */
export const documented: readonly string[] = ["client", "hub", "protocol"];

/** Returns what breaks the rules of the faces and is not known, and what is known and breaks none any more. */
export function checkFaces(faces: Face[], known: KnownFaults, record: string): Finding[] {
  const same = sameNames(faces).filter(({ name }) => !known.sameName.includes(name));
  const bare = withoutDocstring(faces).filter(({ label }) => !known.noDocstring.includes(label));
  const rest = stillBroken(faces, known);
  const mended = [
    ...known.sameName.filter((name) => !rest.sameName.includes(name)),
    ...known.noDocstring.filter((name) => !rest.noDocstring.includes(name)),
  ];
  return [
    ...same.map(({ name, first, others }) => ({
      ...placeOf(first),
      message: `two types are called ${name}: the other is in ${others.map(({ file }) => file).join(", ")}`,
    })),
    ...bare.map(({ place, label }) => ({ ...placeOf(place), message: `${label} has no docstring` })),
    ...mended.map((name) => ({
      file: record,
      line: 1,
      message: `${name} is mended: remove it from the list`,
    })),
  ];
}

/** Returns the known faults that still are faults. */
export function stillBroken(faces: Face[], { sameName, noDocstring }: KnownFaults): KnownFaults {
  const same = sameNames(faces).map(({ name }) => name);
  const bare = withoutDocstring(faces).map(({ label }) => label);
  return {
    sameName: sameName.filter((name) => same.includes(name)),
    noDocstring: noDocstring.filter((name) => bare.includes(name)),
  };
}

interface SameName {
  name: string;
  first: FaceName;
  others: FaceName[];
}

// A package may pass on a type of another one: that is one declaration, not two.
function sameNames(faces: Face[]): SameName[] {
  const types = faces.flatMap(({ names }) => names.filter(({ isType }) => isType));
  const byName = Map.groupBy(types, ({ name }) => name);
  return [...byName].flatMap(([name, [first, ...more]]) => {
    const others = more.filter((each) => first && (each.file !== first.file || each.line !== first.line));
    return first && others.length > 0 ? [{ name, first, others }] : [];
  });
}

function withoutDocstring(faces: Face[]): { label: string; place: FaceName }[] {
  return faces
    .filter((face) => documented.includes(face.package))
    .flatMap((face) => face.names.map((place) => ({ label: `${face.package} ${place.name}`, place })))
    .filter(({ place }) => !place.hasDocstring);
}

function placeOf({ file, line }: FaceName): Pick<Finding, "file" | "line"> {
  return { file, line };
}
