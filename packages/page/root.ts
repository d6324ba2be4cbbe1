import { fileURLToPath } from "node:url";

/** The folder of the built page; each server mounts it at `/`. `pnpm dev` names a folder of its own in `PAGE_ROOT`. */
export const pageRoot: string = process.env.PAGE_ROOT || fileURLToPath(new URL("./dist", import.meta.url));
