// What a run writes: every kind of report, from one set of results made by hand.

import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { exitCode } from "../cli/main.ts";
import { autobahnIndex } from "./autobahn-index.ts";
import { mark, stale } from "./baseline.ts";
import { html } from "./html.ts";
import { escapeXml, junit } from "./junit.ts";
import {
  count,
  differing,
  type Report,
  type ResultReport,
  resultReport,
  shorten,
  type TargetReport,
  type WireReport,
} from "./report.ts";
import { rangesOf, summary } from "./summary.ts";
import { plain } from "./terminal.ts";

const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&\u001b[2J`;

function result(id: string, changes: Partial<ResultReport> = {}): ResultReport {
  const wire: WireReport[] = [
    { at: 0.5, direction: "sent", kind: "frame", text: 'text: 5 bytes "Hello"', hex: "8105", size: 11 },
    { at: 1, direction: "received", kind: "frame", text: hostile, hex: "8800", size: 2 },
  ];
  const pass = { verdict: "pass" } as const;
  const rest = { expected: "an echo", received: hostile, closeCode: 1000, ms: 1.5, wire };
  return { id, ...pass, behaviour: pass, close: pass, ...rest, ...changes };
}

const failing = { verdict: "fail", behaviour: { verdict: "fail", why: hostile } } as const;
const lenient = { verdict: "non-strict", behaviour: { verdict: "non-strict", why: "late" } } as const;

function target(id: string, results: ResultReport[]): TargetReport {
  const facts = { title: id, url: `ws://${id}/`, versions: { ws: "8.0.0" }, policy: { MAX: "1" } };
  return { id, ...facts, ms: 5, complete: true, counts: count(results), results };
}

const about = { kind: "frames", clause: "RFC 6455 §5.2", gist: "As it says.", level: "MUST" } as const;
const report: Report = {
  format: 1,
  tool: { name: "@rosetta/conformance", version: "0.1.0" },
  date: "2026-11-22T21:00:00.000Z",
  machine: { platform: "linux-x64", cpu: "a cpu", cores: 2, runtime: "node 26.10.0" },
  peer: "server",
  seed: 7,
  jobs: 8,
  deadlineMs: 5_000,
  complete: true,
  groups: [{ number: 1, name: "framing", title: "Frames <i>" }],
  cases: [
    { id: "1.1.1", group: 1, title: "an echo", ...about, autobahn: ["1.1.1"] },
    { id: "1.1.2", group: 1, title: "another <b>echo</b>", ...about, autobahn: ["1.1.1"] },
    { id: "1.1.3", group: 1, title: "a third", ...about, autobahn: [] },
  ],
  targets: [
    target("one", [result("1.1.1"), result("1.1.2", failing), result("1.1.3", lenient)]),
    target("two", [result("1.1.1"), result("1.1.2"), result("1.1.3", lenient)]),
  ],
};

test("cases that servers handle differently are found, and those that they handle alike are not", () => {
  expect(differing(report)).toEqual(["1.1.2"]);
});

test("a wire log that is too long loses its middle, and says how much", () => {
  const line = { at: 0, direction: "sent", kind: "frame", text: "", hex: "0011223344", size: 5 } as const;
  const short = shorten(
    Array.from({ length: 9 }, () => line),
    { entries: 4, bytes: 2 },
  );
  expect(short.map((each) => (each.kind === "omitted" ? each.lines : each.hex))).toEqual([
    "0011",
    "0011",
    5,
    "0011",
    "0011",
  ]);
  expect(shorten(short, { entries: 2, bytes: 0 })[1]).toEqual({ kind: "omitted", lines: 7 });
});

test("the code of the close frame is read from its bytes", () => {
  const entry = (hex: string) => {
    const bytes = Buffer.from(hex, "hex");
    return { at: 0, direction: "received", kind: "frame", text: "", bytes, size: bytes.length } as const;
  };
  const made = (...hex: string[]) =>
    resultReport({ ...about, title: "", omitted: 3, ...result("1.1.1"), wire: hex.map(entry) });
  expect(made("8103414243", "880203ea").closeCode).toBe(1002);
  expect(made("8800").closeCode).toBe(1005);
  expect(made("8103414243").closeCode).toBeNull();
  // As clients send them: masked, here with 01 02 03 04.
  expect(made("888201020304" + "02ea").closeCode).toBe(1000);
  expect(made("888001020304").closeCode).toBe(1005);
  expect(made("8103414243").wire.at(-1)).toEqual({ kind: "omitted", lines: 3 });
});

test("the page runs only its own script and makes no requests", () => {
  const page = html(report);
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("<img");
  expect(page).toContain("another &lt;b&gt;echo&lt;/b&gt;");
  expect(page).toContain("Frames &lt;i&gt;");
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page).not.toMatch(/\s(?:src|action)="|@import url|url\(/);
  expect(page.match(/href="[^"]*"/g)).toEqual(['href="data:,"']);
  expect(page).toMatch(
    /default-src &#39;none&#39;; style-src &#39;sha256-[^&]+&#39;; script-src &#39;sha256-[^&]+&#39;/,
  );
  expect(page).not.toMatch(/ style="| on\w+="|\beval\(|innerHTML/);
});

test("the page contains all data, packed", () => {
  const [, packed = ""] = /id="data">([^<]*)</.exec(html(report)) ?? [];
  const data = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
  expect(data.servers.one["1.1.2"].behaviour.why).toBe(hostile);
  expect(data.servers.two["1.1.1"].wire).toHaveLength(2);
});

test("a page with many results stays small", () => {
  const noise = () => Array.from({ length: 64 }, () => Math.floor(Math.random() * 256).toString(16)).join("");
  const wire = (): WireReport[] =>
    Array.from({ length: 24 }, (_, at) => {
      return { at, direction: "sent", kind: "frame", text: noise(), hex: noise(), size: 64 };
    });
  const ids = Array.from({ length: 1_100 }, (_, index) => `1.1.${index}`);
  const cases = ids.map((id) => ({ id, group: 1, title: "a case", ...about, autobahn: [] }));
  const targets = ["a", "b", "c"].map((name) =>
    target(
      name,
      ids.map((id) => result(id, { wire: wire() })),
    ),
  );
  expect(html({ ...report, cases, targets }).length).toBeLessThan(3_000_000);
});

test("JUnit counts failures, and holds no character that XML forbids", () => {
  const xml = junit(report);
  expect(xml).toContain('<testsuite name="one.framing" tests="3" failures="1" errors="0" skipped="0"');
  expect(xml).toContain('<testsuite name="two.framing" tests="3" failures="0"');
  expect(xml).toContain("<system-out>non-strict: late</system-out>");
  // A note about the half that is correct is not the reason.
  const close = { verdict: "non-strict", why: "another code" } as const;
  const noted = result("1.1.1", {
    verdict: "non-strict",
    behaviour: { verdict: "info", why: "a note" },
    close,
  });
  const odd = junit({ ...report, targets: [target("one", [noted])] });
  expect(odd).toContain("<system-out>non-strict: another code</system-out>");
  expect(xml).not.toContain("\u001b");
  expect(escapeXml('a\u0000<&">\ud800b\n')).toBe("a\ufffd&lt;&amp;&quot;&gt;\ufffdb&#10;");
});

test("a server that could not be judged is an error in JUnit", () => {
  const gone = { ...target("one", []), error: "nothing listens there" };
  expect(junit({ ...report, targets: [gone] })).toContain('<error message="nothing listens there"/>');
});

test("Autobahn's numbers get the worst of ours, and our cases without a counterpart are listed beside them", () => {
  const { one = {}, two = {} } = autobahnIndex(report, "report.html");
  expect(Object.keys(one)).toEqual(["1.1.1", "rosetta.1.1.3"]);
  expect(one["1.1.1"]).toEqual({
    behavior: "FAILED",
    behaviorClose: "OK",
    duration: 3,
    remoteCloseCode: 1000,
    reportfile: "report.html#case=1.1.2&server=one",
  });
  expect(two["1.1.1"]?.behavior).toBe("OK");
  expect(two["rosetta.1.1.3"]?.behavior).toBe("NON-STRICT");
});

test("a known failure is no failure, but only for the server that it is known of", () => {
  const known = { id: "1.1.2", reason: "upstream", link: "https://example.org/1", target: "one" };
  const marked = mark(result("1.1.2", failing), { id: "one" }, [known]);
  expect(marked.known).toEqual({ reason: "upstream", link: "https://example.org/1" });
  expect(mark(result("1.1.2", failing), { id: "two" }, [known]).known).toBeUndefined();
  expect(exitCode({ targets: [target("one", [marked])] }, false)).toBe(0);
  expect(junit({ ...report, targets: [target("one", [marked])] })).toContain('skipped="1"');
});

test("a known failure that no longer fails is stale, and one that did not run is not", () => {
  const entry = (id: string) => ({ id, reason: "r", link: "l" });
  expect(stale(report.targets, [entry("1.1.2"), entry("9.9.9")])).toEqual([{ target: "two", id: "1.1.2" }]);
  expect(exitCode({ targets: [target("two", [result("1.1.2")])] }, true)).toBe(1);
});

test("the exit code is that of the worst result", () => {
  expect(exitCode({ targets: [target("one", [result("1.1.1")])] }, false)).toBe(0);
  expect(exitCode(report, false)).toBe(1);
  expect(
    exitCode({ targets: [{ ...target("one", [result("1.1.2", failing)]), error: "died" }] }, false),
  ).toBe(3);
});

test("consecutive ids are a range", () => {
  expect(rangesOf(["1.1.1", "1.1.2", "1.1.3", "1.2.4", "1.2.6"])).toBe("1.1.1–1.1.3, 1.2.4, 1.2.6");
});

test("the summary says what differs, what fails and why, and neutralizes what a peer sent", () => {
  const text = summary(report, [], { paint: (_style, words) => words, width: 80, verbose: false });
  expect(text).toContain("1 case with different results");
  expect(text).toMatch(/1\.1\.2 +another <b>echo<\/b> +✗ fail +✓ pass/);
  expect(text).toContain('sent      text: 5 bytes "Hello"');
  expect(text).toContain("Limits are policy. Raised for this run: MAX=1");
  expect(text).toContain("6 results: 3 pass, 2 non-strict, 1 fail");
  expect(text).not.toContain("\u001b");
  expect(plain("\u009b2J\u202e")).toBe("\\u{9b}2J\\u{202e}");
  for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
});
