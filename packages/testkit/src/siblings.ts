import { folderOf, readManifests } from "@rosetta/manifest";
import { Server, type ServerPlan } from "./server.ts";

/** Starts every server of this repository, as siblings of each other. The first is the one that the run is about. */
export async function startSiblings({ manifest: first, ...plan }: ServerPlan): Promise<Server[]> {
  const manifests = readManifests().toSorted((a, b) => Number(b.id === first.id) - Number(a.id === first.id));
  const plans: (ServerPlan & { port: number })[] = [];
  for (const manifest of manifests) {
    // If a copy of the server is tested, its siblings still run from the original code.
    const folder = manifest.id === first.id ? {} : { folder: folderOf(manifest.id) };
    plans.push({ ...plan, manifest, port: await plan.ports.next(), ...folder });
  }
  const env = {
    SERVERS: plans.map(({ manifest, port }) => `${manifest.id}=http://127.0.0.1:${port}`).join(),
  };
  const started = await Promise.allSettled(plans.map((each) => Server.start({ ...each, env })));
  const failed = started.find((each) => each.status === "rejected");
  const servers = started.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (!failed) return servers;
  await Promise.all(servers.map((each) => each.kill()));
  throw failed.reason;
}
