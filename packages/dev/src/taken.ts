import { ownerOf } from "./owner.ts";
import { type DevPlan, type Seat, whyNot } from "./plan.ts";

/** Returns the plan without the seats where nothing can listen, and one line for each of these. */
export async function withoutTaken(plan: DevPlan): Promise<{ plan: DevPlan; problems: string[] }> {
  const problems = await Promise.all(plan.seats.map((seat) => problemOf(plan.host, seat)));
  return {
    plan: { ...plan, seats: plan.seats.filter((_, place) => problems[place] === undefined) },
    problems: problems.filter((problem) => problem !== undefined),
  };
}

async function problemOf(host: string, { manifest: { id }, port }: Seat): Promise<string | undefined> {
  const code = await whyNot(host, port);
  if (code === undefined) return undefined;
  if (code !== "EADDRINUSE") return `${id} is not started: nothing can listen on ${host}:${port} (${code})`;
  const owner = (await ownerOf(port)) ?? "another program";
  return `${id} is not started: port ${port} is taken by ${owner}. End that, or use other ports: pnpm dev --port 4000`;
}
