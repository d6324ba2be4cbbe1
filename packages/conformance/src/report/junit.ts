// Writes the run as JUnit XML, which CI systems show.

import { type CaseReport, countedAs, type Report, type ResultReport, type TargetReport } from "./report.ts";

/**
 * Returns the run as JUnit XML, with a suite for each group and server. Behaviour that is allowed, or not offered,
 * is no failure.
 */
export function junit(report: Report): string {
  const suites = report.targets.flatMap((target) => [
    ...report.groups.map((group) => suite(report, target, group)),
    ...(target.error === undefined ? [] : [errorSuite(target, target.error)]),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="conformance">\n${suites.join("")}</testsuites>\n`;
}

function suite(report: Report, target: TargetReport, group: Report["groups"][number]): string {
  const cases = new Map(
    report.cases.filter((each) => each.group === group.number).map((each) => [each.id, each]),
  );
  const results = target.results.filter(({ id }) => cases.has(id));
  if (results.length === 0) return "";
  const name = `${target.id}.${group.name}`;
  const failures = results.filter((result) => countedAs(result) === "fail").length;
  const skipped = results.filter((result) => isSkipped(result)).length;
  const seconds = results.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const head = attributes({
    name,
    tests: results.length,
    failures,
    errors: 0,
    skipped,
    time: seconds.toFixed(3),
  });
  const lines = results.map((result) => testcase(name, cases.get(result.id) as CaseReport, result));
  return `  <testsuite ${head}>\n${lines.join("")}  </testsuite>\n`;
}

function testcase(classname: string, { id, title, clause }: CaseReport, result: ResultReport): string {
  const head = attributes({ classname, name: `${id} ${title}`, time: (result.ms / 1000).toFixed(3) });
  const body = bodyOf(clause, result);
  return body ? `    <testcase ${head}>${body}</testcase>\n` : `    <testcase ${head}/>\n`;
}

function bodyOf(clause: string, result: ResultReport): string {
  const why = whyOf(result) || result.verdict;
  const known = result.known && `known: ${result.known.reason} (${result.known.link})`;
  if (isSkipped(result)) return `<skipped ${attributes({ message: known ?? why })}/>`;
  const words = `${clause}\nexpected: ${result.expected}\nreceived: ${result.received}`;
  if (result.verdict === "fail") {
    return `<failure ${attributes({ message: whyOf(result) })}>${escapeXml(words)}</failure>`;
  }
  return result.verdict === "pass"
    ? ""
    : `<system-out>${escapeXml(`${result.verdict}: ${why}`)}</system-out>`;
}

function isSkipped(result: ResultReport): boolean {
  return result.verdict === "unsupported" || countedAs(result) === "known";
}

/** Says in a sentence why a result is not a pass, for both halves if both have something to say. */
export function whyOf({ verdict, behaviour, close }: ResultReport): string {
  const halves = [behaviour, close].filter((half) => half.why && half.verdict !== "pass");
  // A mere note beside a failure is not the reason for it.
  const worst = halves.filter((half) => half.verdict === verdict);
  return (worst.length > 0 ? worst : halves).map(({ why }) => why).join("; ");
}

function errorSuite({ id }: TargetReport, error: string): string {
  const suite = attributes({ name: id, tests: 1, failures: 0, errors: 1, skipped: 0 });
  const testcase = attributes({ classname: id, name: "the server is judged to the end" });
  const message = attributes({ message: error });
  return `  <testsuite ${suite}>\n    <testcase ${testcase}><error ${message}/></testcase>\n  </testsuite>\n`;
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(" ");
}

/** Escapes text for XML and leaves out characters that XML cannot hold (XML 1.0 §2.2). */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}
