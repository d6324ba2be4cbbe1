// Prints the outcome of a run on a terminal.

import type { Gravity, Verdict } from "../model/verdict.ts";
import type { Stale } from "./baseline.ts";
import { whyOf } from "./junit.ts";
import {
  type CaseReport,
  type Counts,
  count,
  countedAs,
  type Report,
  type ResultReport,
  resultsByGroup,
  signs,
  type TargetReport,
  type WireLine,
  type WireReport,
} from "./report.ts";
import { differences, sideBySide } from "./side-by-side.ts";
import { cut, duration, labelled, lengthOf, type Paint, plain, plural, table } from "./terminal.ts";
import { columns, type Printing, styles } from "./verdict-styles.ts";

/** Returns the whole summary. */
export function summary(report: Report, gone: readonly Stale[], printing: Printing): string {
  const several = report.targets.length > 1;
  const sections = [
    report.targets.map((target) => heading(target, printing)).join("\n"),
    several
      ? sideBySide(report, printing)
      : (report.targets.map((target) => counts(report, target, printing))[0] ?? ""),
    several ? differences(report, printing) : "",
    gravest(report, printing),
    failures(report, printing),
    printing.verbose ? others(report, printing) : reasons(report, printing),
    staleEntries(gone, printing),
    policies(report, printing),
    closing(report, printing),
  ];
  return `${sections.filter((each) => each !== "").join("\n\n")}\n`;
}

function heading({ id, title, url, versions, error, complete }: TargetReport, printing: Printing): string {
  const { paint, width } = printing;
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const where = [title === id ? "" : id, title === url ? "" : url, ...made].filter(Boolean).join(" · ");
  const lines = [
    `${paint("bold", plain(title))}  ${paint("dim", cut(plain(where), width - title.length - 2))}`,
  ];
  if (error !== undefined) lines.push(paint("red", labelled("  ✗ ", error, 4, width)));
  else if (!complete) lines.push(paint("yellow", "  stopped before the end"));
  return lines.join("\n");
}

function policies({ targets }: Report, { paint, width }: Printing): string {
  const byPolicy = Map.groupBy(targets, ({ policy }) =>
    Object.entries(policy)
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
  );
  return [...byPolicy]
    .filter(([policy]) => policy !== "")
    .map(([policy, found]) => {
      const whom = byPolicy.size > 1 ? `${found.map(({ id }) => id).join(", ")} ` : "";
      return paint("dim", labelled("", `Limits are policy. Raised for this run: ${whom}${policy}`, 0, width));
    })
    .join("\n");
}

function counts(report: Report, target: TargetReport, { paint, width }: Printing): string {
  const shown = columns.filter((each) => each === "pass" || each === "fail" || target.counts[each] > 0);
  const groups = resultsByGroup(report, target);
  if (groups.length === 0) return "";
  const room = width - 14 - shown.reduce((sum, each) => sum + Math.max(5, each.length) + 2, 0);
  const rows = groups.map(({ number, title, results }) => [
    paint("dim", String(number)),
    cut(title, room),
    ...cells(count(results), shown, paint),
    paint("dim", duration(results.reduce((sum, { ms }) => sum + ms, 0))),
  ]);
  const head = ["", "", ...shown.map((each) => paint("dim", each)), paint("dim", "time")];
  const sum = ["", "", ...cells(target.counts, shown, paint), paint("dim", duration(target.ms))];
  const lines = table([head, ...rows, sum], 2);
  const rule = paint("dim", "─".repeat(Math.min(width, Math.max(...lines.map((line) => lengthOf(line))))));
  return [...lines.slice(0, -1), rule, lines.at(-1)].join("\n");
}

function cells(counted: Counts, shown: readonly (keyof Counts)[], paint: Paint): string[] {
  return shown.map((each) => {
    const number = counted[each];
    if (number === 0) return paint("dim", "·");
    return each === "pass" ? String(number) : paint(styles[each], String(number));
  });
}

const graveWords: Record<Gravity, (peer: string) => string> = {
  death: (peer) => `killed the ${peer}`,
  stall: (peer) => `left the ${peer} unable to answer anybody`,
  invention: (peer) => `made the ${peer} send bytes that it had never received`,
};

// Deaths and the like, by name, before all other failures.
function gravest({ targets, peer }: Report, { paint, width }: Printing): string {
  const lines = targets.flatMap(({ id, results }) => {
    const byGravity = Map.groupBy(results, ({ grave }) => grave);
    const kinds = Object.keys(graveWords) as Gravity[];
    return kinds.flatMap((kind) => {
      const ids = byGravity.get(kind)?.map((each) => each.id) ?? [];
      const whom = targets.length > 1 ? `${id}: ` : "";
      return ids.length > 0 ? [`${whom}${rangesOf(ids)} ${graveWords[kind](peer)}`] : [];
    });
  });
  return lines.map((line) => paint("red", labelled("✗ ", line, 2, width))).join("\n");
}

function failures(report: Report, printing: Printing): string {
  return blocks(report, printing, "fail").join("\n\n");
}

function others(report: Report, printing: Printing): string {
  const verdicts: (keyof Counts)[] = ["known", "non-strict", "info", "unsupported"];
  return verdicts.flatMap((verdict) => blocks(report, printing, verdict)).join("\n\n");
}

function blocks(report: Report, printing: Printing, verdict: keyof Counts): string[] {
  return report.cases.flatMap((each) => {
    const found = report.targets.flatMap((target) => {
      const result = target.results.find(({ id }) => id === each.id);
      return result && countedAs(result) === verdict ? [{ target, result }] : [];
    });
    return found.length > 0 ? [block(each, found, verdict, report.targets.length > 1, printing)] : [];
  });
}

interface Found {
  target: TargetReport;
  result: ResultReport;
}

function block(
  each: CaseReport,
  found: readonly Found[],
  verdict: keyof Counts,
  named: boolean,
  printing: Printing,
): string {
  const { paint, width } = printing;
  const label = `${signs[verdict]} ${each.id}  `;
  const line = (name: string, text: string) => labelled(`  ${paint("dim", name)}`, text, 12, width);
  const title = labelled(label, each.title, label.length, width);
  const parts = [
    paint(styles[verdict], title.slice(0, label.length)) + paint("bold", title.slice(label.length)),
    paint("dim", labelled("", `${each.level}  ${each.clause}: ${each.gist}`, 2, width)),
    line("sent", describeSent(found[0]?.result.wire ?? [], each.kind !== "frames")),
    line("expected", found[0]?.result.expected ?? ""),
  ];
  // Servers with the same result are named together.
  const outcomes = Map.groupBy(found, ({ result }) => JSON.stringify([result.received, whyOf(result)]));
  for (const same of outcomes.values()) {
    const [{ result }] = same as [Found];
    if (named) parts.push(`  ${paint("bold", same.map(({ target }) => target.id).join(", "))}`);
    parts.push(line("received", result.received), line("why", whyOf(result)));
    if (result.known) parts.push(line("known", `${result.known.reason} ${result.known.link}`));
  }
  return parts.join("\n");
}

/** Describes what was sent in a case, with the heads of the handshake if it is about them. */
export function describeSent(wire: readonly WireReport[], heads: boolean): string {
  const sent = wire.filter((line) => line.kind !== "omitted").filter(({ direction }) => direction === "sent");
  const lines = sent.filter(({ kind }) => heads || kind !== "http");
  if (lines.length === 0) return "nothing";
  const most = 4;
  const more = lines.length > most ? [`and ${lines.length - most} more`] : [];
  return [...lines.slice(0, most).map(wordsOf), ...more].join("\n");
}

function wordsOf({ kind, hex, text }: WireLine): string {
  if (kind !== "http" || hex === "") return text;
  const lines = Buffer.from(hex, "hex").toString("latin1").trimEnd().split("\r\n");
  const most = 12;
  const more = lines.length > most ? [`and ${lines.length - most} more lines`] : [];
  return [...lines.slice(0, most), ...more].join("\n");
}

// Groups results that are not the best by their explanation.
function reasons(report: Report, printing: Printing): string {
  const shown: Verdict[] = ["non-strict", "info", "unsupported"];
  return shown
    .map((verdict) => {
      const found = report.targets.flatMap((target) =>
        target.results.filter((result) => result.verdict === verdict).map((result) => ({ target, result })),
      );
      if (found.length === 0) return "";
      const ids = new Set(found.map(({ result }) => result.id));
      const head = printing.paint(
        styles[verdict],
        `${signs[verdict]} ${plural(ids.size, "case")} ${verdict}`,
      );
      // Each case has its own words for what is not offered.
      const why =
        verdict === "unsupported" ? () => `the ${report.peer} does not offer the feature` : reasonOf;
      return [head, ...byReason(found, why, report.targets.length, printing)].join("\n");
    })
    .filter(Boolean)
    .join("\n\n");
}

function reasonOf({ result }: Found): string {
  return whyOf(result) || result.received;
}

function byReason(
  found: readonly Found[],
  why: (found: Found) => string,
  targets: number,
  { paint, width }: Printing,
): string[] {
  const byWhy = Map.groupBy(found, why);
  return [...byWhy].map(([why, same]) => {
    const byTarget = Map.groupBy(same, ({ target }) => target.id);
    const byCases = Map.groupBy(byTarget, ([, each]) => rangesOf(each.map(({ result }) => result.id)));
    const lines = [...byCases].map(([ids, names]) => {
      const whom = names.length < targets ? `${names.map(([name]) => name).join(", ")}: ` : "";
      return paint("dim", labelled("", whom + ids, 4, width));
    });
    return [labelled("", why, 2, width), ...lines].join("\n");
  });
}

/** Writes ids with consecutive ones as a range: `1.3.1–1.3.5, 6.4.1`. */
export function rangesOf(ids: readonly string[]): string {
  const ranges: [first: string, last: string][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last && follows(last[1], id)) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(", ");
}

function follows(before: string, id: string): boolean {
  const cutAt = id.lastIndexOf(".");
  const family = id.slice(0, cutAt + 1);
  return before === `${family}${Number(id.slice(cutAt + 1)) - 1}`;
}

function staleEntries(gone: readonly Stale[], { paint }: Printing): string {
  return gone
    .map(({ id, target }) =>
      paint("red", `✗ ${id} is in the baseline, but ${target} does not fail it: remove the entry`),
    )
    .join("\n");
}

function closing(report: Report, { paint }: Printing): string {
  const all = count(report.targets.flatMap(({ results }) => results));
  const total = Object.values(all).reduce((sum, each) => sum + each, 0);
  const parts = columns
    .filter((each) => each === "pass" || each === "fail" || all[each] > 0)
    .map((each) => (all[each] > 0 ? paint(styles[each], `${all[each]} ${each}`) : `${all[each]} ${each}`));
  const ms = report.targets.reduce((sum, target) => sum + target.ms, 0);
  const facts = paint("dim", `${duration(ms)} · seed ${report.seed}`);
  const incomplete = report.complete ? "" : paint("yellow", " · incomplete");
  const results = report.targets.length > 1 ? "result" : "case";
  const line = `${plural(total, results)}: ${parts.join(", ")} · ${facts}${incomplete}`;
  const [first] = report.cases.filter(({ id }) =>
    report.targets.some(({ results }) =>
      results.some((each) => each.id === id && countedAs(each) === "fail"),
    ),
  );
  return first
    ? `${line}\n${paint("dim", `--explain ${first.id} shows what the case sends; --only ${first.id} runs it alone`)}`
    : line;
}
