import { expect, test } from "vitest";
import { random } from "../model/random.ts";
import { frame } from "../model/writing.ts";
import type { Duplex, DuplexListener } from "../wire/duplex.ts";
import { encodeClose, encodeFrame, type FrameToSend, Opcode } from "../wire/frames.ts";
import { WireLog } from "../wire/wire-log.ts";
import { OurEndpoint } from "./endpoint.ts";

/** An endpoint, and a peer that sends whatever the test says. */
function connected(role: "client" | "server" = "client", maxReceived = 10_000) {
  let listener: DuplexListener | undefined;
  let dropped = false;
  const duplex: Duplex = {
    listen: (given) => {
      listener = given;
    },
    write: () => Promise.resolve(),
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {
      dropped = true;
    },
  };
  const endpoint = new OurEndpoint({
    duplex,
    role,
    random: random(1, "test"),
    log: new WireLog(),
    maxReceived,
  });
  const receive = (sent: FrameToSend) => listener?.data(encodeFrame(sent));
  return { endpoint, receive, isDropped: () => dropped };
}

const key = Uint8Array.of(1, 2, 3, 4);

test("a server must not mask, and a client must", () => {
  const server = connected("client");
  server.receive({ ...frame.text("a"), mask: key });
  expect(server.endpoint.violation).toContain("a masked frame");
  const client = connected("server");
  client.receive({ opcode: Opcode.Text });
  expect(client.endpoint.violation).toContain("an unmasked frame");
  const right = connected("server");
  right.receive({ opcode: Opcode.Text, mask: key });
  expect(right.endpoint.violation).toBeUndefined();
});

test("a peer that sends small frames without end is cut off, which counts as no broken rule", () => {
  const { endpoint, receive, isDropped } = connected();
  for (let count = 0; count < 100_000 && !endpoint.over; count++) receive({ opcode: Opcode.Binary });
  expect(endpoint.messages.length).toBeLessThan(10_000);
  expect(endpoint.excess).toContain("the limit of this case");
  expect(endpoint.violation).toBeUndefined();
  expect(isDropped()).toBe(true);
});

test("a frame that claims more than may come is cut off at its header", () => {
  const { endpoint, receive } = connected();
  receive({ opcode: Opcode.Binary, claimedLength: 10_001 });
  expect(endpoint.excess).toContain("10001 bytes");
});

test.each([
  ["a text", frame.text("late")],
  ["a binary message", frame.binary("late")],
  ["a ping", frame.ping("late")],
  ["another close frame", frame.close(1000)],
])("%s after the close frame breaks the rules", (_what, late) => {
  const { endpoint, receive } = connected();
  receive({ opcode: Opcode.Close, payload: encodeClose(1000) });
  const { mask: _, masking: __, ...sent } = late;
  receive(sent);
  expect(endpoint.violation).toContain("after the close frame");
  expect(endpoint.messages).toEqual([]);
});

test.each([0, 999, 1005, 1006, 1015])(
  "close code %i on the wire breaks the rules, asked for or not",
  async (code) => {
    for (const asked of [true, false]) {
      const { endpoint, receive } = connected();
      if (asked) await endpoint.send([frame.close(code)]);
      receive({ opcode: Opcode.Close, payload: encodeClose(code) });
      expect(endpoint.violation).toContain(`close code ${code}`);
      expect(endpoint.rubbish).toBe(false);
    }
  },
);

test.each([5000, 25_209, 65_535])("close code %i is nonsense, unless we sent it first", async (code) => {
  const { endpoint, receive } = connected();
  receive({ opcode: Opcode.Close, payload: encodeClose(code) });
  expect(endpoint.rubbish).toBe(true);
  expect(endpoint.violation).toContain(`close code ${code}`);
  const asked = connected();
  await asked.endpoint.send([frame.close(code)]);
  asked.receive({ opcode: Opcode.Close, payload: encodeClose(code) });
  expect(asked.endpoint.violation).toBeUndefined();
  expect(asked.endpoint.close?.code).toBe(code);
});

test("a pong whose payload was in no ping of ours is the peer's own", async () => {
  const { endpoint, receive } = connected();
  await endpoint.send([frame.ping("ours")]);
  receive({ opcode: Opcode.Pong, payload: Buffer.from("ours") });
  receive({ opcode: Opcode.Pong, payload: Buffer.from("its own") });
  expect(endpoint.unsolicited.map((each) => Buffer.from(each).toString())).toEqual(["its own"]);
});

test("a byte order mark in a close reason is kept", () => {
  const { endpoint, receive } = connected();
  receive({ opcode: Opcode.Close, payload: encodeClose(1000, "\ufeffbye") });
  expect(endpoint.close?.reason).toBe("\ufeffbye");
});
