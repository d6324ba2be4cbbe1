import type { Mutant } from "../mutant.ts";
import { apps } from "./apps.ts";
import { bench } from "./bench.ts";
import { client } from "./client.ts";
import { cluster } from "./cluster.ts";
import { conformance } from "./conformance.ts";
import { hub } from "./hub.ts";
import { page } from "./page.ts";
import { protocol } from "./protocol.ts";
import { tools } from "./tools.ts";

/** Every mistake, by the part of the repository that it is in. */
export const mutants: Mutant[] = [
  ...protocol,
  ...hub,
  ...cluster,
  ...client,
  ...apps,
  ...page,
  ...conformance,
  ...bench,
  ...tools,
];
