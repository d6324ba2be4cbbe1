import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { Announcer } from "./announcer.ts";
import { askHealth, askUrl } from "./health.ts";
import { readManifests } from "./index.ts";
import { placesOf, printNone, printUp, type Row, type Up, upOf } from "./notice.ts";

// Runs beside the servers of `pnpm dev`. They are started in parallel and log at length; this says, when they
// are up, where to open them.

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
  // styleText leaves colours out for NO_COLOR and where nobody sees them.
  if (announcement === "servers") console.log(printUp(await rowsOf(up), styleText));
  if (announcement === "none yet") console.log(printNone(asked));
  await sleep(pollMs);
}

function rowsOf(up: Up[]): Promise<Row[]> {
  return Promise.all(up.map(async ({ manifest, place }) => ({ manifest, url: await askUrl(place) })));
}
