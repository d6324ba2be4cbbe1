import { fileURLToPath } from "node:url";

/** The folder of the built page; each server mounts it at `/`. */
export const pageRoot: string = fileURLToPath(new URL("./dist", import.meta.url));
