import type { Finding } from "./app-sources.ts";
import type { Face } from "./faces.ts";

/** The packages in which every public name has a docstring: an app or a user reads them in the editor. */
const documented: readonly string[] = ["client", "hub", "protocol"];

/** Returns the public names without a docstring. */
export function checkFaces(faces: Face[]): Finding[] {
  return faces
    .filter((face) => documented.includes(face.package))
    .flatMap((face) => face.names.filter(({ hasDocstring }) => !hasDocstring).map((each) => ({ face, each })))
    .map(({ face, each: { name, file, line } }) => ({
      ...{ file, line },
      message: `${face.package} ${name} has no docstring`,
    }));
}
