import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { Announcer } from "./announcer.ts";
import { askHealth, askUrl } from "./health.ts";
import { readManifests } from "./manifest.ts";
import { type ListedServer, placesOf, printNone, printUp, type Up, upOf } from "./notice.ts";

// Runs beside the servers of `pnpm dev`. They start in parallel and log a lot. Once they are up, this prints where
// to open them.

const pollMs = 250;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0));

const manifests = readManifests();
const known = manifests.map(({ id }) => id);
const places = placesOf(manifests, process.env);
const announcer = new Announcer(performance.now());

for (;;) {
  const asked = await Promise.all(
    places.map(async (place) => ({ place, answer: await askHealth(place, known) })),
  );
  const up = upOf(asked, manifests);
  const names = up.map(({ manifest, place }) => `${manifest.id}:${place.port}`);
  const announcement = announcer.look(names, performance.now());
  // styleText omits colours with NO_COLOR and where there is no terminal.
  if (announcement === "servers") console.log(printUp(await rowsOf(up), styleText));
  if (announcement === "none yet") console.log(printNone(asked));
  await sleep(pollMs);
}

function rowsOf(up: Up[]): Promise<ListedServer[]> {
  return Promise.all(up.map(async ({ manifest, place }) => ({ manifest, url: await askUrl(place) })));
}
