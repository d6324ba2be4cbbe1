import type { Mutant } from "../mutant.ts";

function unit(name: string, test = name): Pick<Mutant, "file" | "tests"> {
  return { file: `packages/hub/src/${name}.ts`, tests: [`packages/hub/src/${test}.test.ts`] };
}

/** Mistakes in the hub. */
export const hub: Mutant[] = [
  {
    ...unit("operation/bucket"),
    search: "return Math.ceil(",
    replace: "return Math.floor(",
    why: "the wait is rounded down",
  },
  {
    ...unit("operation/bucket"),
    search: "if (this.#tokens < 1 - rounding) return false;",
    replace: "if (this.#tokens < 0 - rounding) return false;",
    why: "a bucket has one token too many",
  },
  {
    ...unit("operation/bucket"),
    search: "this.#tokens = Math.min(size, this.#tokens + earned);",
    replace: "this.#tokens = this.#tokens + earned;",
    why: "a bucket has no upper limit",
  },
  {
    ...unit("hub", "connection/socket-session"),
    search: "const beatMs = Math.max(50, Math.min(1_000, settings.limits.pongMs / 5));",
    replace: "const beatMs = 1_000;",
    why: "the sweep comes once a second, whatever `pongMs`",
  },
  {
    ...unit("assembly", "hub"),
    search: "path: pathOf(facts).slice(0, 64)",
    replace: 'path: `${pathOf(facts)}?${[...facts.query].join("&")}`.slice(0, 64)',
    why: "the query is in the log",
  },
  {
    ...unit("connection/connections", "http/readers"),
    search: "connections: this.#sessions.size + this.#held,",
    replace: "connections: this.#sessions.size,",
    why: "readers over HTTP do not count as connections",
  },
  {
    ...unit("delivery/rings", "delivery/log"),
    search: "if (topic && oldest) this.#resize(topic, -costOf(oldest));",
    replace: "",
    why: "bytes of the ring never shrink",
  },
  {
    ...unit("delivery/rings", "delivery/log"),
    search: "cursor.offset >= oldest - 1",
    replace: "cursor.offset >= oldest - 2",
    why: "a replay leaves out the first event",
  },
  {
    ...unit("delivery/rings", "delivery/log"),
    search: "entries.slice(cursor.offset - oldest + 1)",
    replace: "entries.slice(cursor.offset - oldest)",
    why: "a replay begins with an event that was seen before",
  },
  {
    ...unit("delivery/rings", "delivery/log"),
    search: "cursor?.epoch === epoch && ",
    replace: "",
    why: "a cursor of another epoch is accepted",
  },
  {
    ...unit("delivery/rings", "delivery/log"),
    search: "topic.entries.length > ring.entries",
    replace: "topic.entries.length > ring.entries + 1",
    why: "a ring holds one event too many",
  },
  {
    ...unit("delivery/memory-log", "delivery/log"),
    search: "    await undefined;\n",
    replace: "",
    why: "an append completes before it returns",
  },
  {
    ...unit("delivery/log"),
    search: "else if (unit >= 0xd800 && unit < 0xe000) bytes += 2;",
    replace: "",
    why: "a pair of surrogates takes six bytes",
  },
  {
    ...unit("delivery/replay"),
    search: "queueBytes / 2 - waiting",
    replace: "queueBytes - waiting",
    why: "a replay fills the whole queue",
  },
  {
    ...unit("connection/heartbeat", "connection/socket-session"),
    search: "if (now - this.#heardAt < heartbeatMs) return undefined;",
    replace: "if (now - this.#heardAt <= heartbeatMs) return undefined;",
    why: "a silent peer is pinged one round late",
  },
  {
    ...unit("connection/heartbeat", "connection/socket-session"),
    search: "  completed(): void {\n    this.#begunAt = undefined;",
    replace: "  completed(): void {",
    why: "a complete message does not end its deadline",
  },
  {
    ...unit("connection/throttle", "connection/socket-session"),
    search: "this.#refusals >= floodOf",
    replace: "this.#refusals > floodOf",
    why: "a flood ends one message late",
  },
  {
    ...unit("connection/socket-session"),
    search: 'if (this.isOpen && port.send(this.ws, frame)) counted("out", bytes);',
    replace: 'if (this.isOpen) counted("out", bytes);\n    if (this.isOpen) port.send(this.ws, frame);',
    why: "a frame that the port dropped counts as sent",
  },
  {
    ...unit("node/platform"),
    search: "now: () => performance.now(),",
    replace: "now: () => Date.now(),",
    why: "the monotonic clock is the wall clock",
  },
  {
    ...unit("node/platform"),
    search: "setTimeout(run, ms).unref()",
    replace: "setTimeout(run, ms)",
    why: "timers of what is remembered keep the process alive",
  },
  {
    ...unit("node/responses"),
    search: "    if (isOver) return;\n",
    replace: "",
    why: "a reader leaves twice",
  },
  {
    ...unit("node/traffic"),
    search: "    if (this.#bytes <= this.#controlBytes) this.message();\n",
    replace: "",
    why: "the control frames of a connection's whole life add up to a message that does not end",
  },
  {
    file: "packages/hub/src/node/traffic.ts",
    search: "    else if (this.queued(bufferedAmount) > corkedBytes) this.#tcp.uncork();\n",
    replace: "",
    why: "what a peer causes in one turn counts as its slowness",
    tests: ["ECHO-16"],
  },
  {
    ...unit("node/traffic"),
    search: "    if (bufferedAmount === 0) this.#taken = this.#handed;\n",
    replace: "",
    why: "what was sent in one turn of the event loop seems to wait until its end",
  },
  {
    ...unit("node/text-frame"),
    search: "length <= shortest ? 2",
    replace: "length < shortest ? 2",
    why: "a length of 125 bytes is written in the longer form",
  },
  {
    ...unit("connection/socket-session"),
    search: '    if (send()) this.#services.counted("out", bytes);\n',
    replace: '    send();\n    this.#services.counted("out", bytes);\n',
    why: "an echo that the stack did not take counts as sent",
  },
  {
    ...unit("connection/socket-session"),
    search: "if (this.#services.port.queued(this.ws) <= this.limits.queueBytes) return true;",
    replace: "if (this.#services.port.queued(this.ws) < this.limits.queueBytes) return true;",
    why: "a queue that is just full counts as too long",
  },
  {
    ...unit("connection/socket-session"),
    search: "if (!this.isOpen || this.#isStopping) return;",
    replace: "if (!this.isOpen) return;",
    why: "requests after a stop are still answered",
  },
  {
    ...unit("connection/socket-session"),
    search: "    void Promise.resolve().then(() => this.#services.guard(end));\n",
    replace: "    end();\n",
    why: "a stop overtakes the ack of what was published before it",
  },
  {
    file: "packages/hub/src/node/sockets.ts",
    search: `if (code === "ERR_HTTP_REQUEST_TIMEOUT" && this.#hub.clock.behind() > 0) this.#excuse(code, tcp);\n    else `,
    replace: "",
    why: "a standstill of the server counts as the peer's silence",
    tests: ["SOCK-23"],
  },
  {
    file: "packages/hub/src/node/sockets.ts",
    search: "if (this.#isOwed(tcp)) return this.#endSoon(tcp as Socket, () => void tcp.destroy());",
    replace: "if (this.#isOwed(tcp)) return void tcp.destroy();",
    why: "bytes behind the last request cost its answer",
    tests: ["SOCK-22"],
  },
  {
    ...unit("node/sockets"),
    search: "      if (!hasCome) this.#hangUp(code, tcp);\n",
    replace: "",
    why: "a request that a standstill excused may take for ever",
  },
  {
    ...unit("node/sockets"),
    search: "newest?.complete && (isBodyLate || newest !== late)",
    replace: "newest?.complete",
    why: "an earlier request excuses one that never ends",
  },
  {
    ...unit("node/sockets"),
    search: "    this.#excused.get(tcp)?.();\n",
    replace: "",
    why: "a standstill before a handshake ends the WebSocket",
  },
  {
    ...unit("node/sockets"),
    search: "    Object.assign(server, { closeIdleConnections: () => this.#closeIdle() });\n",
    replace: "",
    why: "connections that Node counts as idle are cut at the stop",
  },
  {
    ...unit("node/sockets"),
    search: "    for (const tcp of this.#idle) tcp.destroy();\n",
    replace: "",
    why: "idle connections are not ended at the stop",
  },
  {
    ...unit("node/sockets"),
    search: "      else socket.destroySoon();\n",
    replace: "",
    why: "a connection stays open behind its last answer",
  },
];
