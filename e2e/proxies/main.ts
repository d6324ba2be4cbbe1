// Tests the configurations in deploy/ with the real proxies and real servers: pnpm proxies [nginx] [--server bun-hono]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { findRedis, redisRemedy } from "@rosetta/cluster/testing";
import { chooseServers, type Manifest, readManifests } from "@rosetta/manifest";
import { Ports } from "@rosetta/testkit";
import { checks, type ProxyCheck } from "./checks.ts";
import { idleMs as hurriedIdleMs, proxies, type ReverseProxy } from "./proxies.ts";
import { Stage, type StagePlan } from "./stage.ts";

// Debian installs nginx and HAProxy here, which is not on everybody's PATH.
process.env.PATH += `${delimiter}/usr/sbin`;

const names = proxies.map(({ name }) => name);
const help = `pnpm proxies [proxy …] [--server express-ws]    Tests the configurations in deploy/ with the real proxies.

  --server <id>   the server behind the proxies; default: express-ws. Checks of two servers add another one

Proxies: ${names.join(", ")}; default: all of them. They must be installed, and so must openssl and a Redis.
The exit code is 1 if a check failed, 2 if nothing could be tested.`;

const { values, positionals } = readArguments();
if (values.help) {
  console.log(help);
  process.exit();
}
const servers = chooseServers([values.server]);
if (typeof servers === "string") stop(servers);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) stop(`there is no proxy "${unknown}"; there are: ${names.join(", ")}`);
const chosen = proxies.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const absent = [...chosen.map(({ name }) => name), "openssl"].filter(isAbsent);
if (absent.length > 0)
  stop(`Not installed: ${absent.join(", ")}. On Debian: sudo apt-get install ${absent.join(" ")}`);
if (!findRedis()) stop(redisRemedy);

const folder = mkdtempSync(join(tmpdir(), "proxies-"));
try {
  makeCertificate();
  const plan = { folder, ports: new Ports(0) };
  for (const manifest of servers)
    for (const proxy of chosen)
      for (const check of checks) {
        const { env = {}, idleMs } = { idleMs: hurriedIdleMs, ...check };
        await judge(check, { ...plan, manifests: serversOf(check, manifest), proxy, env, idleMs });
      }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// A browser that was not closed would keep the process alive.
process.exit();

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        server: { type: "string", default: "express-ws" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    return stop((error as Error).message);
  }
}

// The second one is of another stack, which shows that they need not be the same.
function serversOf({ servers }: ProxyCheck, first: Manifest): Manifest[] {
  const second = readManifests().find(({ runtime }) => runtime !== first.runtime);
  return servers === 2 && second ? [first, second] : [first];
}

async function judge(
  { sentence, run }: ProxyCheck,
  plan: StagePlan & { proxy: ReverseProxy },
): Promise<void> {
  let stage: Stage | undefined;
  try {
    stage = await Stage.begin(plan);
    await run(stage, plan.proxy);
    console.log(`✓ ${plan.proxy.name}: ${sentence}`);
  } catch (error) {
    console.log(`✗ ${plan.proxy.name}: ${sentence}`);
    console.log(error, stage?.said ?? "");
    process.exitCode = 1;
  } finally {
    await stage?.end();
  }
}

/** Makes a certificate for `localhost`, valid for a day: `site.pem`, `site.key`, and both in one file for HAProxy. */
function makeCertificate(): void {
  const [certificate, key] = [join(folder, "site.pem"), join(folder, "site.key")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const files = ["-keyout", key, "-out", certificate];
  const made = spawnSync("openssl", ["req", "-x509", "-nodes", "-days", "1", ...curve, ...subject, ...files]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  writeFileSync(join(folder, "site.both"), readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
}

function isAbsent(program: string): boolean {
  return spawnSync(program, ["-v"]).error !== undefined;
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
