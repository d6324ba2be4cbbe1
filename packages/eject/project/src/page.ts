import { fileURLToPath } from "node:url";

/** The folder of the built page, which the server mounts at `/`. */
export const pageRoot: string = fileURLToPath(new URL("../public", import.meta.url));
