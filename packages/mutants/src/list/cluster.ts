import type { Mutant } from "../mutant.ts";

function unit(name: string, ...tests: string[]): Pick<Mutant, "file" | "tests"> {
  return {
    file: `packages/cluster/src/${name}`,
    tests: tests.map((test) => `packages/cluster/src/${test}.test.ts`),
  };
}

function suite(file: string, ...tests: string[]): Pick<Mutant, "file" | "tests"> {
  return { file, tests };
}

/** Mistakes in what several servers share. */
export const cluster: Mutant[] = [
  {
    ...unit("testing/fake-store.ts", "simulation"),
    search: "if (topic.life === this.life) return topic;",
    replace: 'if (topic.life !== "") return topic;',
    why: "an epoch outlives the engine, so places from before a crash are taken for those after it",
  },
  {
    ...unit("redis/scripts/prelude.lua", "redis/redis-engine"),
    search: "if isWhole and known[2] == now then",
    replace: "if isWhole then",
    why: "an epoch outlives a restart of Redis",
  },
  {
    ...unit("engine-cluster.ts", "simulation"),
    search: "if (this.#isUp) void this.#beat();",
    replace: "",
    why: "there is no beat, so what a message has not told nobody notices",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: 'this.#fetch(followed, "hole").catch(() => {});',
    replace: "",
    why: "holes are not fetched",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "      merge(answer);\n",
    replace: "",
    why: "the answer to an append tells nothing, so the author waits for a message that may be lost",
  },
  {
    ...unit("engine-log.ts", "simulation"),
    search: 'if (entry.epoch !== life.epoch) return void this.#fetch(followed, "life").catch(() => {});',
    replace: "",
    why: "events of another epoch are taken for those of this one",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "const isKnown = !upTo || (upTo.epoch === epoch && upTo.offset <= offset);",
    replace: "const isKnown = true;",
    why: "a reader that comes from a server that is ahead is told that it has lost something",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "if (pending.isDelivered) return undefined;\n      throw error;",
    replace: "throw error;",
    why: "a request whose answer was lost is acknowledged and then refused",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "this.#entry(pending ? { ...entry, request } : entry);",
    replace: "this.#entry({ ...entry, ...(request && { request }) });",
    why: "every server on which an author is sends it the ack",
  },
  {
    ...unit("reach.ts", "failures"),
    search: "if (error instanceof EngineError) {",
    replace: "if (error === undefined) {",
    why: "an engine whose memory is full closes the connections of clients with 1011",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "if (error instanceof EngineError) return;",
    replace: "",
    why: "an engine that complains is taken for one that does not answer, and connected to anew",
  },
  {
    ...unit("payload.ts", "failures"),
    search: "else entries.length = 0;",
    replace: "",
    why: "an event that nobody can read is lost without a word",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "for (const entry of before) if (entry.offset > opened.offset) this.#drop(followed, entry);",
    replace: "",
    why: "an event that never was is fetched twenty times a second, for ever",
  },
  {
    ...unit("redis/scripts/prelude.lua", "redis/redis-engine"),
    search: "if string.find(answer.err, fault, 1, true) then redis.call('DEL', key) end",
    replace: "",
    why: "a key of another type makes every beat fail, and so all servers",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: 'const claim = arrival.isOlder ? "older" : answer;',
    replace: "const claim = answer;",
    why: "two connections of a client that come at the same moment stay open side by side for half a minute",
  },
  {
    ...unit("redis/scripts/forget.lua", "redis/redis-engine"),
    search: "if redis.call('PUBSUB', 'NUMSUB', KEYS[1])[2] > 0 then return 0 end",
    replace: "",
    why: "a room that has to make way at one server is forgotten while others follow it",
  },
  {
    ...unit("engine-log.ts", "failures"),
    search: "if (makesWay) reach.ask(() => engine.forget(name)).catch(() => {});",
    replace: "",
    why: "the rooms of a flood stay in Redis for three minutes, until its memory is full and nobody is served",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "call('PEXPIRE', servers, ttl)\n",
    replace: "",
    why: "Redis remembers servers that were killed for ever",
  },
  {
    ...unit("reach.ts", "failures"),
    search: "if (!(error instanceof ConnectionLost)) throw error;",
    replace: "throw error;",
    why: "a command is not repeated when the connection was cut under it",
  },
  {
    ...unit("reach.ts", "failures"),
    search: "      this.#isCutOff = true;\n",
    replace: "",
    why: "a server without an engine goes on as if nothing were",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "if (!isKnown) void this.#tell(rooms);",
    replace: "",
    why: "an engine that came back empty is not told who is here",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "    this.#tells = undefined;\n    this.#away();\n",
    replace: "    this.#away();\n",
    why: "a report counts although the engine has lost the part of it that it had answered",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "for (const topic of orphans) void this.#bury(topic);",
    replace: "",
    why: "nobody ends the jobs of a server that was killed",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "    this.#options.engine.reset();\n",
    replace: "",
    why: "a connection that has become deaf stays so",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "      engine.reset();\n",
    replace: "",
    why: "a connection that leads nowhere is kept",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "for (const room of untold) this.#events?.roomChanged(room);",
    replace: "",
    why: "if the message is lost, no server publishes that the members of a dead server are gone",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "this.#jobs.has(topic) || this.#starting.has(topic) ||",
    replace: "",
    why: "a job that has just begun is taken for an orphan",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "    call('PEXPIRE', all('roster', room), ttl)\n",
    replace: "",
    why: "Redis forgets the members of a room that does not change for three minutes",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "number(version) > number(rank)",
    replace: "tonumber(version) < tonumber(rank or 0)",
    why: "a presence that no server has published is not found",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "  elseif not runs[key] then",
    replace: "  else",
    why: "the jobs of a server are taken for orphans",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: "is the reason.\n      throw problem ?? error;",
    replace: "is the reason.\n      throw error;",
    why: "the operator reads that the client was closed, and not why",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: "  } catch (error) {\n    throw problem ?? error;",
    replace: "  } catch (error) {\n    throw error;",
    why: "the operator reads that a sentinel was left, and not why",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: "setTimeout(() => end(new Error(`no answer after ${connectMs / 1_000} s${hint}`)), connectMs)",
    replace: "setTimeout(() => {}, connectMs)",
    why: "a server waits for ever for a peer that accepts its connection and never answers",
  },
  {
    ...unit("redis/redis-engine.ts", "redis/connection"),
    search: "this.#waitMs = Math.min(2 * this.#waitMs, backoffMs.longest);",
    replace: "",
    why: "a Redis that ends every connection at once is asked forty times a second",
  },
  {
    ...unit("redis/redis-engine.ts", "redis/connection"),
    search: "if (this.#beats !== provenBeats) return;",
    replace: "",
    why: "the pauses begin anew, and the operator reads on and on, if a connection answers one beat before it ends",
  },
  {
    ...unit("redis/redis-engine.ts", "redis/connection"),
    search: "    this.#waitMs = backoffMs.first;\n",
    replace: "",
    why: "after a bad hour, each loss of a connection costs half a second for good",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: "clientFor(each, isEncrypted, sentinels.login)",
    replace: "clientFor(each, isEncrypted, {})",
    why: "sentinels that have a password are asked without it",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: "    database,\n",
    replace: "",
    why: "the number of the database is ignored",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "return { ...all, members: [...new Set(all.members.flat())] };",
    replace: "return { ...all, members: all.members.flat() };",
    why: "a member that two servers know is counted twice",
  },
  {
    ...unit("engine-cluster.ts", "failures"),
    search: "new Set([...this.#rosters.keys(), ...known])",
    replace: "new Set(this.#rosters.keys())",
    why: "a member stays in its room for good if the engine has lost that it has left",
  },
  {
    ...unit("testing/fake-store.ts", "simulation"),
    search: "if (life !== undefined && life !== this.life)",
    replace: "if (life === null)",
    why: "one half of a split engine overwrites the other's list of members",
  },
  {
    ...unit("redis/scripts/append.lua", "redis/redis-engine"),
    search: "if ranked ~= '' and ranked ~= life() then",
    replace: "if false then",
    why: "a presence that was counted in another life of Redis is taken",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "isKnown and {} or call('SMEMBERS', all('rooms', server))",
    replace: "{}",
    why: "a server is not told in which rooms Redis still has members of it",
  },
  {
    ...unit("redis/scripts/append.lua", "redis/redis-engine"),
    search: "if answer then return answer end",
    replace: "",
    why: "a repeated request takes effect twice",
  },
  {
    ...unit("redis/scripts/append.lua", "redis/redis-engine"),
    search: "number(highest) >= tonumber(rank)",
    replace: "tonumber(highest) > tonumber(rank)",
    why: "two servers tell the same second of a feed",
  },
  {
    ...unit("redis/scripts/append.lua", "redis/redis-engine"),
    search: "or kept > bytes do",
    replace: "do",
    why: "a topic grows by bytes without a limit",
  },
  {
    ...unit("redis/scripts/beat.lua", "redis/redis-engine"),
    search: "    empty(prefix, other)\n",
    replace: "",
    why: "the members of a server that was killed stay in its rooms",
  },
  {
    ...unit("redis/scripts/claim.lua", "redis/redis-engine"),
    search: "tonumber(connection) < number(known[3])",
    replace: "tonumber(connection) > tonumber(known[3])",
    why: "a newer connection of a client is refused for an older one",
  },
  {
    ...unit("redis/connection.ts", "redis/connection"),
    search: 'if (policy === "noeviction") return;',
    replace: "if (policy) return;",
    why: "a Redis that forgets on its own is taken",
  },
  {
    file: "packages/cluster/src/redis/scripts/keep-job.lua",
    tests: ["packages/cluster/src/redis/redis-engine.test.ts"],
    search: "call('HGET', KEYS[3], 'rank') == outcome",
    replace: "call('EXISTS', KEYS[3]) == 1",
    why: "a job is taken for lost if somebody has followed it before an empty engine was told of it",
  },
  {
    ...suite("packages/cluster/src/index.ts", "CLUSTER-16"),
    search: 'createHash("sha256").update(secret).digest("hex")',
    replace: "secret",
    why: "anybody who can read the engine can take the place of every client",
  },
  {
    ...suite("packages/cluster/src/index.ts", "CLUSTER-10"),
    search: "server: platform.token().slice(0, 16)",
    replace: 'server: "one"',
    why: "all servers have one name, so nobody notices that one of them is gone",
  },
  {
    ...suite("packages/cluster/src/index.ts", "CLUSTER-22"),
    search: "timeoutMs: limits.engineTimeoutMs",
    replace: "timeoutMs: limits.engineGraceMs",
    why: "a request waits for the engine as long as the server does before it gives up",
  },
  {
    ...suite("apps/express-ws/src/main.ts", "CLUSTER-01"),
    search: "...(cluster && { cluster }),",
    replace: "",
    why: "the server never asks the engine that it was given",
  },
];
