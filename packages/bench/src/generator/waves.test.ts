import { expect, test } from "vitest";
import { hello, waveOf } from "./waves.ts";
import { maskedText } from "./write-frames.ts";

const webSocket = { host: "", port: 0, pid: 0, path: "/" };
const tcp = { host: "", port: 0, pid: 0 };

/** Parses the JSON in a masked frame of less than 64 KiB. */
function jsonOf(frame: Uint8Array): Record<string, unknown> {
  const header = (frame[1] ?? 0) % 128 < 126 ? 2 : 4;
  const key = frame.subarray(header, header + 4);
  const text = frame.subarray(header + 4).map((byte, index) => byte ^ (key[index % 4] ?? 0));
  return JSON.parse(Buffer.from(text).toString()) as Record<string, unknown>;
}

test.each([64, 125, 126, 1_024, 65_536])(
  "a wave of %i bytes is whole frames, and their whole echoes",
  (size) => {
    const { cycle, frameBytes, echo, echoBytes } = waveOf({ dialect: "bytes", size, peer: webSocket });
    const header = size < 126 ? 2 : size < 65_536 ? 4 : 10;
    expect(frameBytes).toBe(header + 4 + size);
    expect(echoBytes).toBe(header + size);
    expect(cycle.length % frameBytes).toBe(0);
    expect(echo.length / echoBytes).toBe(cycle.length / frameBytes);
    expect(cycle.length).toBeLessThanOrEqual(Math.max(64 * 1_024, frameBytes));
  },
);

test("a TCP echo returns the frames unchanged", () => {
  const { cycle, echo, frameBytes, echoBytes } = waveOf({ dialect: "bytes", size: 64, peer: tcp });
  expect(echoBytes).toBe(frameBytes);
  expect(Buffer.compare(cycle, echo)).toBe(0);
});

test("typed requests have distinct ids, more than a server remembers, and each has its expected reply", () => {
  const { cycle, frameBytes, echo, echoBytes, greeting } = waveOf({
    dialect: "typed",
    size: 20,
    peer: webSocket,
  });
  const frames = Array.from({ length: cycle.length / frameBytes }, (_, index) =>
    jsonOf(cycle.subarray(index * frameBytes, (index + 1) * frameBytes)),
  );
  expect(frames.length).toBeGreaterThan(256);
  expect(new Set(frames.map(({ id }) => id)).size).toBe(frames.length);
  expect(echo.length / echoBytes).toBe(frames.length);
  const last = Buffer.from(echo.subarray(-echoBytes)).toString();
  expect(JSON.parse(last.slice(last.indexOf("{")))).toEqual({
    ...{ type: "echo", re: frames.at(-1)?.id, text: frames.at(-1)?.text },
  });
  expect(greeting?.answers).toBe(1);
});

test("every hello comes from a different client", () => {
  const [one, other] = [jsonOf(hello()), jsonOf(hello())];
  expect(one).toMatchObject({ type: "hello", client: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(one.client).not.toBe(other.client);
});

test("no two frames share a masking key unless one is given", () => {
  const frame = () => Buffer.from(maskedText(new Uint8Array(8))).toString("hex");
  expect(frame()).not.toBe(frame());
});
