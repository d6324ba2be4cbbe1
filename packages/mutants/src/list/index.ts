import type { Mutant } from "../mutant.ts";
import { bench } from "./bench.ts";
import { page } from "./page.ts";
import { protocol } from "./protocol.ts";

/** Every mistake, by the part of the repository that it is in. */
export const mutants: Mutant[] = [...page, ...bench, ...protocol];
