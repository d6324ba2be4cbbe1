// Which Redis a server connects to, and as whom: on a real one, with real sentinels.
import { readFileSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createClient } from "@redis/client";
import { afterEach, describe, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../testing/certificate.ts";
import { beat, type Connected, connectTo, until } from "../testing/connected.ts";
import { freePorts } from "../testing/free-ports.ts";
import { findRedis, type RunningRedis, startRedis, startSentinel } from "../testing/start-redis.ts";

const freePort = freePorts(2);
const ends: (() => unknown)[] = [];

/** Connects, until the end of the test. */
function connect(url: string): Connected {
  const connected = connectTo(url, "one");
  ends.push(() => connected.engine.close());
  return connected;
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Starts a Redis until the end of the test. */
async function start(options: string[] = [], port?: number): Promise<RunningRedis> {
  const redis = await startRedis(port ?? (await freePort()), options);
  ends.push(() => redis.stop());
  return redis;
}

/** Makes a certificate, until the end of the test. */
function certificate(): Certificate {
  const made = makeCertificate();
  ends.push(() => made.remove());
  return made;
}

/** What stands between a server and its Redis: it notes who arrives when, and can end all connections. */
async function openDoor(to: number, isShut: (arrival: number) => boolean) {
  const sockets = new Set<Socket>();
  const arrivals: number[] = [];
  const server = createServer((socket) => {
    arrivals.push(Date.now());
    if (isShut(arrivals.length)) return socket.destroy();
    const redis = dial(to, "127.0.0.1");
    for (const each of [socket, redis]) sockets.add(each.on("error", () => {}));
    socket.pipe(redis).pipe(socket);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const door = { port: await freePort(), arrivals, cut };
  await new Promise<void>((resolve) => server.listen(door.port, "127.0.0.1", resolve));
  ends.push(() => {
    cut();
    server.close();
  });
  return door;
}

const anna = ["--user", "anna", "on", ">s3cret/@:%", "~*", "&*", "+@all"];
/** Her login in a URL. */
const login = "anna:s3cret%2F%40%3A%25";

describe.runIf(findRedis() !== undefined)("a connection", { timeout: 60_000 }, () => {
  test("is encrypted, logs in and uses its database", async () => {
    const tls = certificate();
    const securePort = await freePort();
    const { port } = await start([...anna, ...tls.options(securePort)]);
    const trusted = getCACertificates("default");
    ends.push(() => setDefaultCACertificates(trusted));
    const secure = connect(`rediss://${login}@localhost:${securePort}/3`);
    await until(() => secure.lines.length > 0);
    expect(secure.lines).toEqual([expect.stringMatching(/^Redis at rediss:\/\/…@localhost:.*self-signed/)]);
    setDefaultCACertificates([...trusted, readFileSync(tls.file, "utf8")]);
    await secure.up;
    const byAddress = connect(`rediss://${login}@127.0.0.1:${securePort}/3`);
    await byAddress.up;
    await secure.engine.append({ topic: "room/a", payload: "1", epoch: "first" });
    expect(await byAddress.engine.exists("room/a")).toBe(true);
    const operator = await createClient({ url: `redis://${login}@127.0.0.1:${port}` }).connect();
    ends.push(() => operator.destroy());
    expect(await operator.sendCommand(["DBSIZE"])).toBe(0);
    await operator.sendCommand(["SELECT", "3"]);
    expect(await operator.sendCommand(["EXISTS", "{rosetta}:3:topic:room/a"])).toBe(1);
  });

  test("that is not let in says why", async () => {
    const { port } = await start([...anna, "--requirepass", "another"]);
    const [wrong, without] = [
      connect(`redis://anna:wrong@127.0.0.1:${port}`),
      connect(`redis://127.0.0.1:${port}`),
    ];
    await until(() => wrong.lines.length > 0 && without.lines.length > 0);
    expect(wrong.lines[0]).toContain("WRONGPASS");
    expect(without.lines[0]).toContain("NOAUTH");
  });

  test.each([
    ["that speaks another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", "Unknown RESP type"],
    ["that says nothing", "", "no answer after 3 s"],
  ])("to something %s is given up, and the operator reads why", async (_, answer, problem) => {
    const server = createServer((socket) => socket.on("error", () => {}).write(answer));
    const port = await freePort();
    server.listen(port, "127.0.0.1");
    ends.push(() => server.close());
    const direct = connect(`redis://127.0.0.1:${port}`);
    const asked = connect(`redis+sentinel://127.0.0.1:${port}/rosetta`);
    await until(() => direct.lines.length > 0 && asked.lines.length > 0);
    for (const { lines } of [direct, asked]) expect(lines).toEqual([expect.stringContaining(problem)]);
  });

  test("is told by sentinels with a password of their own which server to use, also after a failover", async () => {
    const password = ["--requirepass", "of-the-servers", "--masterauth", "of-the-servers"];
    const master = await start(password);
    await start([...password, "--replicaof", "127.0.0.1", `${master.port}`]);
    const sentinel = await startSentinel(await freePort(), master.port, [
      "sentinel auth-pass rosetta of-the-servers",
      "requirepass of-the-sentinel",
    ]);
    ends.push(() => sentinel.stop());
    const [nobody, port] = [await freePort(), sentinel.port];
    const url = `redis+sentinel://:of-the-servers@127.0.0.1:${nobody},127.0.0.1:${port}/rosetta`;
    const without = connect(url);
    await until(() => without.lines.length > 0);
    expect(without.lines[0]).toMatch(/no sentinel knows where rosetta is: NOAUTH/);
    await without.engine.close();
    const { engine, changes, up } = connect(`${url}?sentinel_password=of-the-sentinel`);
    await up;
    await engine.append({ topic: "room/a", payload: "1", epoch: "first" });
    // The sentinel has to know the replica, and the replica the event.
    const [operator, watch] = await Promise.all(
      [`redis://:of-the-servers@127.0.0.1:${master.port}`, `redis://:of-the-sentinel@127.0.0.1:${port}`].map(
        (each) =>
          createClient({ url: each })
            .on("error", () => {})
            .connect(),
      ),
    );
    ends.push(
      () => operator?.destroy(),
      () => watch?.destroy(),
    );
    await until(async () => Number(await operator?.sendCommand(["WAIT", "1", "100"])) === 1);
    await until(async () => String(await watch?.sendCommand(["INFO", "sentinel"])).includes("slaves=1"));
    await master.kill();
    await until(() => changes.length >= 3);
    expect(await engine.open("room/a", "second")).toEqual({
      epoch: "second",
      offset: 1,
      events: [{ offset: 1, payload: "1" }],
    });
  });

  test("to a Redis that evicts keys is refused with one line, and accepted once it does not", async () => {
    const own = await start(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    const connected = connect(own.url);
    const { lines, up } = connected;
    await until(() => lines.length > 0);
    await own.ask("CONFIG SET maxmemory-policy noeviction");
    await up;
    await beat(connected);
    await beat(connected);
    expect(lines).toEqual([
      expect.stringMatching(/maxmemory-policy is allkeys-lru; set it to noeviction/),
      expect.stringMatching(/is there$/),
    ]);
  });

  test("to a Redis that is not there is reported in one line, and made once it is up", async () => {
    const port = await freePort();
    const connected = connect(`redis://${login}@127.0.0.1:${port}`);
    const { lines, up } = connected;
    await until(() => lines.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(lines).toEqual([expect.stringContaining(`redis://…@127.0.0.1:${port} cannot be used: `)]);
    await start(anna, port);
    await up;
    await beat(connected);
    await beat(connected);
    expect(lines.at(-1)).toMatch(/is there$/);
  });

  test("that ends as soon as it is made is tried again after longer and longer pauses, in two lines", async () => {
    const { port } = await start();
    // One connection in three is not even answered, the others are ended after a beat.
    const door = await openDoor(port, (arrival) => arrival % 3 === 0);
    const connected = connect(`redis://127.0.0.1:${door.port}`);
    const { lines, changes } = connected;
    const isUp = (): boolean => changes.at(-1) === "up";
    for (await until(isUp); door.arrivals.length < 8; await until(isUp)) {
      await beat(connected);
      door.cut();
      await until(() => !isUp());
    }
    const pauses = door.arrivals.slice(1).map((at, index) => at - (door.arrivals[index] ?? 0));
    expect(Math.min(...pauses.slice(-2))).toBeGreaterThan(240);
    expect(Math.max(...pauses)).toBeLessThan(2_000);
    expect(lines).toHaveLength(2);
    await beat(connected);
    await beat(connected);
    expect(lines.slice(2)).toEqual([expect.stringMatching(/is there$/)]);
    // It has worked, so the next loss is an ordinary one.
    const lostAt = Date.now();
    door.arrivals.length = 0;
    door.cut();
    await until(() => door.arrivals.length > 0);
    expect((door.arrivals[0] ?? 0) - lostAt).toBeLessThan(200);
    expect(lines).toHaveLength(3);
  });
});
