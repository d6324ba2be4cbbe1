import { ownerOf } from "./owner.ts";
import { type DevPlan, whyNot } from "./plan.ts";

/** Returns the plan without the places where nothing can listen, and one line for each of these. */
export async function withoutTaken(plan: DevPlan): Promise<{ plan: DevPlan; problems: string[] }> {
  const { balancer, ...rest } = plan;
  const command = `pnpm dev${balancer ? " --cluster" : ""} --port 4000`;
  const problemAt = (name: string, port: number) => problemOf(plan.host, name, port, command);
  const problems = await Promise.all(plan.seats.map(({ manifest, port }) => problemAt(manifest.id, port)));
  const problem = balancer && (await problemAt("the balancer", balancer.port));
  const seats = plan.seats.filter((_, place) => problems[place] === undefined);
  return {
    plan: { ...rest, seats, ...(balancer && problem === undefined && { balancer }) },
    problems: [...problems, problem].filter((each) => each !== undefined),
  };
}

async function problemOf(
  host: string,
  name: string,
  port: number,
  command: string,
): Promise<string | undefined> {
  const reason = await whyTaken(host, port, `other ports: ${command}`);
  return reason && `${name} is not started: ${reason}`;
}

/**
 * Returns in one line why nothing can listen at a port, or `undefined` if something can. `instead` says what to use if
 * another program has the port.
 */
export async function whyTaken(host: string, port: number, instead: string): Promise<string | undefined> {
  const code = await whyNot(host, port);
  if (code === undefined) return undefined;
  if (code !== "EADDRINUSE") return `nothing can listen on ${host}:${port} (${code})`;
  const owner = (await ownerOf(port)) ?? "another program";
  return `port ${port} is taken by ${owner}. End that, or use ${instead}`;
}
