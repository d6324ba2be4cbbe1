import type { Face, FaceName } from "./faces.ts";
import type { Finding } from "./house.ts";

/** The packages in which every public name has a docstring: an app or a user reads them in the editor. */
const documented: readonly string[] = ["client", "hub", "protocol"];

/** Returns the types of one name that different packages export, and the public names without a docstring. */
export function checkFaces(faces: Face[]): Finding[] {
  return [
    ...sameNames(faces).map(({ name, first, others }) => ({
      ...placeOf(first),
      message: `two types are called ${name}: the other is in ${others.map(({ file }) => file).join(", ")}`,
    })),
    ...withoutDocstring(faces).map(({ place, label }) => ({
      ...placeOf(place),
      message: `${label} has no docstring`,
    })),
  ];
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
