import { declaredOf, describeFound, from, fuzz, play, type Script } from "@rosetta/testkit";
import { expect, test } from "../fixtures.ts";

/** Returns a request for a script. */
function request(line: string, ...headers: string[]): string {
  return `${[`${line} HTTP/1.1`, "Host: {host}", ...headers].join("\r\n")}\r\n\r\n`;
}

function handshake(path: string, ...headers: string[]): string {
  const fields = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  return request(`GET ${path}`, ...fields, ...headers);
}

/** Returns a client that sends everything in one segment, then waits for everything it is owed. */
function inOneSegment(...pieces: string[]): Script {
  return { pieces, cuts: [], ending: { how: "wait" } };
}

// The page is read from disk, so its answer takes longer than that to most requests after it.
const page = request("GET /");

test("FUZZ-01 MUST survive 300 conversations that no client should have, and release everything they used", {
  tag: ["@upgrade", "@door", "@mount"],
}, async ({ server, ports }) => {
  // Always the same conversations. `pnpm fuzz` tries new ones.
  const seed = 1;
  const declared = declaredOf(server);
  const { found } = await fuzz({ manifest: server, ports, seed, conversations: 300, declared });
  expect(found && describeFound(server, seed, found)).toBeUndefined();
});

// RFC 9112 §9.3.2: answers come in the order of their requests.
test("FUZZ-02 MUST answer a request first and with its own answer, whatever follows it", {
  tag: ["@upgrade", "@mount"],
}, async ({ app }) => {
  const scripts = [
    inOneSegment(page, "this is no request\r\n\r\n"),
    inOneSegment(page, handshake("/echo")),
    inOneSegment(page, request("DELETE /greet")),
  ];
  for (const script of scripts) {
    const { fault } = await play(script, app, { port: app.port, cursor: "" });
    expect.soft(fault, `${script.pieces[1]}`).toBeUndefined();
  }
});

// RFC 9110 §10.1.1. In Node, a 100 that waits for its turn ends up between the head and the body of the next answer.
test("FUZZ-03 MUST write no 100 into an answer, and continue after an expectation that it does not meet", {
  tag: ["@mount", "@door"],
}, async ({ app }) => {
  const scripts = [
    inOneSegment(request("GET /nowhere"), request("GET /", "Expect: 100-continue"), request("GET /greet")),
    inOneSegment(request("GET /greet", "Expect: 100-continue")),
    inOneSegment(handshake("/echo", "Expect: foo"), request("GET /greet")),
  ];
  for (const script of scripts) {
    const { fault } = await play(script, app, { port: app.port, cursor: "" });
    expect.soft(fault, `${script.pieces[0]}`).toBeUndefined();
  }
});

test("FUZZ-04 MUST say close when it answers an upgrade that it does not accept, or continue after it", {
  tag: ["@mount", "@door"],
}, async ({ app }) => {
  for (const protocol of ["h2c", "websocket/13"]) {
    const upgrade = request("GET /greet", "Connection: Upgrade", `Upgrade: ${protocol}`);
    const script = inOneSegment(upgrade, request("GET /healthz"));
    const { fault } = await play(script, app, { port: app.port, cursor: "" });
    expect.soft(fault, protocol).toBeUndefined();
  }
});

test("FUZZ-05 MUST answer a request whose sender then sent FIN, even if the answer takes a while", {
  tag: ["@mount", "@page"],
}, async ({ app }) => {
  const file = request("GET /steps/1-echo.html");
  const script: Script = { pieces: [file], cuts: [], ending: { how: "fin", after: 1_000 } };
  // Whether FIN comes before the file is read is a race, and one try would not do.
  for (const _ of from(1, 50)) {
    const { fault } = await play(script, app, { port: app.port, cursor: "" });
    expect(fault).toBeUndefined();
  }
});
