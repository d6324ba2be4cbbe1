import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type Manifest, readManifests } from "@rosetta/manifest";
import { readEnvironment } from "@rosetta/protocol";
import { expect, test } from "vitest";
import { type DevPlan, environmentOf, planRun, whyNot } from "./plan.ts";
import { withoutTaken } from "./taken.ts";

const manifests = ["one", "two", "three"].map(
  (id, place): Manifest => ({
    id,
    title: id,
    port: 3001 + place,
    runtime: "node",
    start: [],
    deviations: [],
  }),
);

async function planned(env: NodeJS.ProcessEnv, servers = manifests, cluster = false): Promise<DevPlan> {
  const plan = await planRun(servers, env, cluster);
  if (Array.isArray(plan)) throw new Error(plan.join());
  return plan;
}

const portsOf = ({ seats }: DevPlan) => seats.map(({ port }) => port);
const common = { env: {}, eventsOrigin: "http://127.0.0.1:3100", pageRoot: "/page" };

test("servers have the ports of their manifests, or those from PORT on", async () => {
  expect(portsOf(await planned({}))).toEqual([3001, 3002, 3003]);
  expect(portsOf(await planned({ PORT: "" }))).toEqual([3001, 3002, 3003]);
  expect(portsOf(await planned({ PORT: "4000" }))).toEqual([4000, 4001, 4002]);
  expect(portsOf(await planned({ PORT: "4000" }, manifests.slice(2)))).toEqual([4000]);
});

test("PORT=0 gives each server a free port of its own", async () => {
  const ports = portsOf(await planned({ PORT: "0" }));
  expect(new Set(ports).size).toBe(3);
  for (const port of ports) expect(await whyNot("127.0.0.1", port)).toBeUndefined();
});

test.each([
  [{ PORT: "x" }, /^PORT="x" cannot be used: expected a whole number from 0 to 65535$/],
  [{ PORT: "4000.5" }, /^PORT="4000.5" cannot be used/],
  [{ PORT: "65534" }, /^PORT=65534 leaves no port for the last of 3 servers: the highest is 65535$/],
  [{ CHAOS: "x" }, /^CHAOS="x" cannot be used: expected 0 or 1$/],
  [
    { HOST: "192.0.2.1" },
    /^HOST="192.0.2.1" cannot be used: this machine cannot listen there \(EADDRNOTAVAIL\)$/,
  ],
])("%j is refused in one line", async (env, line) => {
  const problems = await planRun(manifests, env);
  expect(problems).toEqual([expect.stringMatching(line)]);
});

test("a server whose port is taken is left out, and its owner is named", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const plan = await planned({ PORT: String(port) }, manifests.slice(0, 1));
  const { plan: rest, problems } = await withoutTaken(plan);
  server.close();
  expect(rest.seats).toEqual([]);
  const owner = process.platform === "win32" ? ".*" : `.*\\(process ${process.pid}\\)`;
  expect(problems).toEqual([
    expect.stringMatching(
      `^one is not started: port ${port} is taken by ${owner}\\. End that, or use other ports: pnpm dev --port 4000$`,
    ),
  ]);
});

test("a server on a port of its own is told of the others, and who may connect", async () => {
  const plan = await planned({ PORT: "4000" });
  const [seat] = plan.seats;
  if (!seat) throw new Error("there is no seat");
  const env = environmentOf(seat, plan, { ...common, env: { WORD: "x" } });
  expect(env).toMatchObject({ WORD: "x", PORT: "4000", CHAOS: "1", PAGE_ROOT: "/page" });
  expect(env.SERVERS).toBe("one=http://127.0.0.1:4000,two=http://127.0.0.1:4001,three=http://127.0.0.1:4002");
  const { settings } = readEnvironment(env, { port: 1, servers: [] });
  expect(settings?.origins).toContain("http://127.0.0.1:3100");
  expect(settings?.origins).toContain("http://localhost:4002");
  expect(settings?.origins).toContain("http://[::1]:4000");
});

test("on the usual ports a server knows its siblings itself, started here or not", async () => {
  const plan = await planned({}, readManifests().slice(0, 1));
  const [seat] = plan.seats;
  if (!seat) throw new Error("there is no seat");
  const env = environmentOf(seat, plan, common);
  expect(env.SERVERS).toBeUndefined();
  for (const { port } of readManifests()) expect(env.ALLOWED_ORIGINS).toContain(`http://127.0.0.1:${port}`);
});

test("what the user set stays", async () => {
  const plan = await planned({ PORT: "4000" });
  const [seat] = plan.seats;
  if (!seat) throw new Error("there is no seat");
  const given = { CHAOS: "0", SERVERS: "x=http://x", ALLOWED_ORIGINS: "https://example.org" };
  expect(environmentOf(seat, plan, { ...common, env: given })).toMatchObject({
    CHAOS: "0",
    SERVERS: "x=http://x",
    ALLOWED_ORIGINS: "https://example.org,http://127.0.0.1:3100",
  });
});

test("the balancer of a cluster has the port before those of the servers, and pages may come from there", async () => {
  const usual = await planned({}, manifests, true);
  expect([usual.balancer?.port, ...portsOf(usual)]).toEqual([3000, 3001, 3002, 3003]);
  const moved = await planned({ PORT: "4000" }, manifests, true);
  expect([moved.balancer?.port, ...portsOf(moved)]).toEqual([4000, 4001, 4002, 4003]);
  const free = await planned({ PORT: "0" }, manifests, true);
  expect(new Set([free.balancer?.port, ...portsOf(free)]).size).toBe(4);
  const [seat] = moved.seats;
  if (!seat) throw new Error("there is no seat");
  const { settings } = readEnvironment(environmentOf(seat, moved, common), { port: 1, servers: [] });
  for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
    expect(settings?.origins).toContain(`http://${name}:4000`);
  }
});

test("if the balancer's port is taken, the plan has no balancer", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const plan = await planned({ PORT: String(port) }, manifests.slice(0, 1), true);
  const { plan: rest, problems } = await withoutTaken(plan);
  server.close();
  expect(rest.balancer).toBeUndefined();
  expect(problems).toContainEqual(
    expect.stringMatching(`^the balancer is not started: port ${port} is taken by `),
  );
});
