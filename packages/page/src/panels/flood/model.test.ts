import { expect, test } from "vitest";
import type { ReaderReport } from "../../wire/reader-messages.ts";
import { type FloodSample, marksOf, readMetrics, sentenceOf } from "./model.ts";

function sample(at: number, change: Partial<FloodSample> = {}): FloodSample {
  return { at, queueBytes: 0, skipped: 0, slow: 0, lost: new Map(), ...change };
}

const report: ReaderReport = {
  state: "open",
  runs: [{ from: 1, to: 988 }],
  connections: 1,
  code: undefined,
  recovered: undefined,
  skipped: 0,
  isReady: true,
  isStalled: false,
};

test("the metrics that the flood is about are read, whatever else there is", () => {
  const text = `# HELP rosetta_queue_bytes Bytes that wait.
rosetta_queue_bytes 152269
rosetta_skipped_total 3
rosetta_slow_total 1
rosetta_connections{endpoint="/ws"} 2
rosetta_closed_total{code="1000"} 7
rosetta_closed_total{code="4002"} 1
`;
  expect(readMetrics(text, 500)).toEqual(
    sample(500, { queueBytes: 152_269, skipped: 3, slow: 1, lost: new Map([["4002", 1]]) }),
  );
});

test("what waited, was skipped and drained is marked in order", () => {
  const samples = [
    sample(0),
    sample(400, { queueBytes: 5 }),
    sample(900, { queueBytes: 5, skipped: 1 }),
    sample(3100, { skipped: 1 }),
  ];
  expect(marksOf(samples).map(({ at, kind }) => [at, kind])).toEqual([
    [400, "waits"],
    [900, "skipped"],
    [3100, "drained"],
  ]);
});

test("a queue that goes with its reader is not drained", () => {
  const lost = new Map([["1006", 1]]);
  const samples = [
    sample(0, { queueBytes: 5 }),
    sample(500, { slow: 1, queueBytes: 5 }),
    sample(900, { slow: 1, lost }),
  ];
  expect(marksOf(samples).map(({ kind }) => kind)).toEqual(["slow", "closed"]);
});

test("the reader's sentence tells how far it came, how it ended, and what is lost", () => {
  expect(sentenceOf({ ...report, skipped: 2 })).toBe(
    "It read 988 events, #1 to #988, without a gap. The server never sent 2 weather events, because newer ones came.",
  );
  const back = { code: 4002, connections: 2, runs: [...report.runs, { from: 1250, to: 1281 }] };
  expect(sentenceOf({ ...report, ...back, recovered: false })).toBe(
    "It read 988 events, #1 to #988, without a gap. Then its connection was closed with 4002. It came back: recovered false, and began again at #1250. It lost what lies between.",
  );
  expect(sentenceOf({ ...report, runs: [...report.runs, { from: 990, to: 991 }] })).toContain("with a gap!");
});

test("a normal goodbye is not a loss", () => {
  const text = ["1000", "1001", "1005", "1006", "1012"]
    .map((code) => `rosetta_closed_total{code="${code}"} 1`)
    .join("\n");
  expect([...readMetrics(text, 0).lost.keys()]).toEqual(["1006", "1012"]);
});

test("a metric is found by its whole name", () => {
  expect(
    readMetrics("rosetta_slow_readers 7\nrosetta_slow_total_max 8\nrosetta_slow_total 1\n", 0).slow,
  ).toBe(1);
});

test("each mark tells what is new since the previous sample", () => {
  const lost = new Map([["4002", 1]]);
  const before = { queueBytes: 5, skipped: 2, slow: 1, lost };
  const samples = [sample(0, before), sample(1, before), sample(2, { ...before, skipped: 5 })];
  expect(marksOf(samples)).toEqual([
    { at: 2, kind: "skipped", text: "3 events skipped in the topic of mode latest" },
  ]);
  const again = sample(3, { ...before, lost: new Map([["4002", 2]]) });
  expect(marksOf([sample(2, before), again]).map(({ kind }) => kind)).toEqual(["closed"]);
});

test("a reader that is on its way back has not come back", () => {
  expect(sentenceOf({ ...report, code: 1006, recovered: undefined })).toContain("It is reconnecting.");
  expect(
    sentenceOf({
      ...report,
      code: 1006,
      recovered: true,
      runs: [...report.runs, { from: 989, to: 990 }],
      connections: 2,
    }),
  ).toContain("It came back: recovered true, and went on at #989.");
  expect(sentenceOf({ ...report, runs: [] })).toBe("It has read nothing of the flood yet.");
});
