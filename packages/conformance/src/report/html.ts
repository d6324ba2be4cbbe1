// Writes the run as one self-contained HTML file, with no requests, no eval and no markup from a peer.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { PageData, PageResult } from "./page/data.ts";
import {
  type CaseReport,
  type Counts,
  count,
  countedAs,
  differing,
  type KeptLog,
  type Report,
  type ResultReport,
  shorten,
  signs,
  type TargetReport,
} from "./report.ts";
import { duration, plural } from "./terminal.ts";

const style = read("page.css");
const script = read("page.js");

/** How large the data may get for each server. */
const bytesPerTarget = 750_000;

/** How much of the wire logs to keep. The first of these that fits is used. */
const tiers: readonly Record<"passed" | "other", KeptLog>[] = [
  { passed: { entries: 24, bytes: 64 }, other: { entries: 100, bytes: 256 } },
  { passed: { entries: 12, bytes: 24 }, other: { entries: 60, bytes: 128 } },
  { passed: { entries: 8, bytes: 12 }, other: { entries: 40, bytes: 64 } },
  { passed: { entries: 4, bytes: 0 }, other: { entries: 20, bytes: 32 } },
  { passed: { entries: 0, bytes: 0 }, other: { entries: 8, bytes: 16 } },
];

/** The labels of the verdicts, in the order in which they are counted. */
const shown: readonly (keyof Counts)[] = ["fail", "known", "non-strict", "info", "unsupported", "pass"];

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Escapes whatever is put in, except what is an `Html` already. */
class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | readonly Html[];

function markup(strings: TemplateStringsArray, ...parts: Part[]): Html {
  const texts = parts.map((part) => {
    if (part instanceof Html) return part.text;
    return Array.isArray(part) ? part.map(({ text }) => text).join("") : escapeHtml(String(part));
  });
  return new Html(String.raw({ raw: strings }, ...texts));
}

const nothing = new Html("");

/** Returns the whole report as one file. */
export function html(report: Report): string {
  const title = headline(report);
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(script)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${report.tool.name} ${report.tool.version}">
<title>${title} – WebSocket conformance</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
${headerOf(report, title)}
<main>
${filtersOf(report)}
${tableOf(report)}
<p class="none" hidden>No case matches. <button type="button" class="clear">Show all cases</button></p>
</main>
${footerOf(report)}
<script type="text/plain" id="data">${dataOf(report)}</script>
<script type="module">${new Html(script)}</script>
</body>
</html>
`;
  return page.text;
}

/** Sums up the run in a sentence. */
export function headline(report: Report): string {
  const { targets, cases } = report;
  const [only] = targets;
  if (!only) return "No server was judged";
  const failing = cases.filter(({ id }) =>
    targets.some(({ results }) => results.some((each) => each.id === id && countedAs(each) === "fail")),
  ).length;
  const fail = failing === 0 ? "no failures" : `${failing} ${failing === 1 ? "fails" : "fail"}`;
  if (targets.length === 1) return `${only.title}: ${plural(only.results.length, "case")}, ${fail}`;
  const where = failing === 0 ? fail : `${fail} on at least one ${report.peer}`;
  const differ = differing(report).length;
  const words = differ === 0 ? "no differences" : `${differ} ${differ === 1 ? "differs" : "differ"}`;
  return `${targets.length} ${report.peer}s, ${plural(cases.length, "case")}: ${where}, ${words}`;
}

function headerOf(report: Report, title: string): Html {
  const { date, tool, seed, jobs, deadlineMs, machine } = report;
  const deadline = deadlineMs === null ? "no deadline" : `deadline ${deadlineMs / 1000} s`;
  const incomplete = report.complete
    ? nothing
    : markup`<p class="incomplete"><strong>Incomplete.</strong> The run was stopped, or a server could not be judged to the end.</p>`;
  return markup`<header>
<p class="kicker">WebSocket conformance · RFC 6455 and RFC 7692</p>
<h1>${title}</h1>
${incomplete}
<ul class="servers">${report.targets.map(cardOf)}</ul>
<p class="facts"><time datetime="${date}">${date.slice(0, 16).replace("T", " ")} UTC</time> · ${tool.name} ${tool.version} · seed ${seed} · ${jobs} at a time, ${deadline} · ${machine.runtime} on ${machine.platform}, ${machine.cores} × ${machine.cpu}</p>
</header>`;
}

function cardOf(target: TargetReport): Html {
  const { id, title, url, versions, policy, ms, counts, results, error } = target;
  const verdicts = shown.filter((each) => counts[each] > 0);
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const raised = Object.entries(policy).map(
    ([name, value]) => markup`<li><code>${name}=${value}</code></li>`,
  );
  return markup`<li class="server">
<h2>${title}</h2>
<p class="url">${title === id ? nothing : markup`${id} · `}${url === "" ? nothing : markup`<code>${url}</code>`}</p>
${error === undefined ? nothing : markup`<p class="incomplete">${error}</p>`}
<svg class="bar" viewBox="0 0 ${Math.max(1, results.length)} 1" preserveAspectRatio="none" aria-hidden="true">${barOf(counts)}</svg>
<ul class="counts">${verdicts.map((each) => markup`<li class="${each}"><span class="sign" aria-hidden="true">${signs[each]}</span> <b>${counts[each]}</b> ${each}</li>`)}</ul>
<p class="made">${[duration(ms), ...made].join(" · ")}</p>
${raised.length === 0 ? nothing : markup`<details><summary>Judged with ${plural(raised.length, "setting")} raised</summary><p>Limits are the server’s policy, not part of the protocol. They were raised for this run, so that large messages are judged too:</p><ul>${raised}</ul></details>`}
</li>`;
}

function barOf(counts: Counts): Html[] {
  let at = 0;
  return shown.toReversed().map((each) => {
    const rect = markup`<rect class="${each}" x="${at}" y="0" width="${counts[each]}" height="1"/>`;
    at += counts[each];
    return rect;
  });
}

function filtersOf(report: Report): Html {
  const all = count(report.targets.flatMap(({ results }) => results));
  const verdicts = shown.filter((each) => all[each] > 0);
  const levels = (["MUST", "SHOULD", "MAY"] as const).filter((level) =>
    report.cases.some((each) => each.level === level),
  );
  const differ = differing(report).length;
  const chip = (name: string, value: string, label: Html) =>
    markup`<button type="button" class="chip ${value}" data-filter="${name}" data-value="${value}" aria-pressed="false">${label}</button>`;
  return markup`<form class="filters" role="search" aria-label="Cases">
<input type="search" name="q" placeholder="Search cases" aria-label="Search cases" autocomplete="off" spellcheck="false">
<div class="chips" role="group" aria-label="Verdict">${verdicts.map((each) => chip("verdict", each, markup`<span class="sign" aria-hidden="true">${signs[each]}</span> ${each}`))}</div>
<div class="chips" role="group" aria-label="Level">${levels.length > 1 ? levels.map((each) => chip("level", each, markup`${each}`)) : nothing}</div>
${report.targets.length > 1 ? chip("differ", "1", markup`<span class="sign" aria-hidden="true">≠</span> ${differ} differ`) : nothing}
<select name="group" aria-label="Group"><option value="">All groups</option>${report.groups.map(({ number, title }) => markup`<option value="${number}">${number} ${title}</option>`)}</select>
<p class="shown"><span role="status">${plural(report.cases.length, "case")}</span> <button type="button" class="clear" hidden>Show all</button> <span class="keys">Arrow keys move, Enter opens, Escape closes, / searches</span></p>
</form>`;
}

function tableOf(report: Report): Html {
  const { targets, groups } = report;
  const heads = targets.map(({ id }) => markup`<th scope="col" role="columnheader">${id}</th>`);
  const size = targets.length > 4 ? "many" : targets.length > 1 ? "several" : "one";
  const differ = new Set(differing(report));
  return markup`<table role="table" class="${size}">
<caption class="hidden">Cases and servers. Arrow keys move from result to result, Enter opens one, Escape closes it.</caption>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Case</th>${heads}</tr></thead>
${groups.map((group) => groupOf(report, group, differ))}
</table>`;
}

function groupOf(report: Report, group: Report["groups"][number], differ: ReadonlySet<string>): Html {
  const cases = report.cases.filter((each) => each.group === group.number);
  const ids = new Set(cases.map(({ id }) => id));
  const cells = report.targets.map((target) => {
    const counted = count(target.results.filter(({ id }) => ids.has(id)));
    const words = shown.filter((each) => counted[each] > 0);
    return markup`<td role="cell">${words.map((each) => markup`<span class="${each}">${counted[each]} <span aria-hidden="true">${signs[each]}</span><span class="hidden">${each}</span></span> `)}</td>`;
  });
  return markup`<tbody role="rowgroup" data-group="${group.number}">
<tr role="row" class="group"><th scope="rowgroup" role="rowheader"><span class="id">${group.number}</span> ${group.title}</th>${cells}</tr>
${cases.map((each) => rowOf(report, each, differ.has(each.id)))}</tbody>
`;
}

function rowOf({ targets }: Report, { id, title, clause, level }: CaseReport, differs: boolean): Html {
  const cells = targets.map((target) => {
    const result = target.results.find((each) => each.id === id);
    return markup`<td role="cell" data-server="${target.id}">${result ? cellOf(target, result) : markup`<span class="absent">not run</span>`}</td>`;
  });
  return markup`<tr role="row" data-case="${id}" data-level="${level}"${differs ? markup` data-differs` : nothing}><th scope="row" role="rowheader"><span class="id">${id}</span> <span class="title">${title}</span> <span class="clause">${level} · ${clause}</span></th>${cells}</tr>
`;
}

function cellOf({ id }: TargetReport, result: ResultReport): Html {
  const counted = countedAs(result);
  return markup`<button type="button" class="cell ${counted}" data-verdict="${counted}" aria-expanded="false"><span class="hidden">${id}: </span><span class="sign" aria-hidden="true">${signs[counted]}</span> <span class="word">${counted}</span></button>`;
}

function footerOf({ tool }: Report): Html {
  const meanings: [keyof Counts, string][] = [
    ["pass", "as it should be"],
    ["non-strict", "allowed, but not the best"],
    ["fail", "against the clause"],
    ["known", "fails, but is listed in the baseline with its reason"],
    ["info", "neither right nor wrong"],
    ["unsupported", "the peer does not offer the feature"],
  ];
  return markup`<footer>
<dl>${meanings.map(([verdict, words]) => markup`<div><dt class="${verdict}"><span aria-hidden="true">${signs[verdict]}</span> ${verdict}</dt><dd>${words}</dd></div>`)}</dl>
<p>Made by ${tool.name}. The address of this page keeps your search, your filters and the open case, so you can share a link to what you see.</p>
</footer>`;
}

// Compressed, because wire logs are repetitive. Base64 cannot end a script element.
function dataOf(report: Report): string {
  const most = bytesPerTarget * Math.max(1, report.targets.length);
  let text = "";
  for (const limits of tiers) {
    text = gzipSync(jsonOf(report, limits)).toString("base64");
    if (text.length <= most) break;
  }
  return text;
}

function jsonOf({ cases, targets }: Report, limits: Record<"passed" | "other", KeptLog>): string {
  const data: PageData = {
    cases: Object.fromEntries(
      cases.map(({ id, kind, title, clause, gist, level, autobahn }) => [
        id,
        { kind, title, clause, gist, level, autobahn },
      ]),
    ),
    servers: Object.fromEntries(
      targets.map(({ id, results }) => [
        id,
        Object.fromEntries(results.map((result) => [result.id, pageResult(result, limits)])),
      ]),
    ),
  };
  return JSON.stringify(data);
}

function pageResult(result: ResultReport, limits: Record<"passed" | "other", KeptLog>): PageResult {
  const { verdict, behaviour, close, expected, received, ms, known } = result;
  const wire = shorten(result.wire, verdict === "pass" ? limits.passed : limits.other);
  return { verdict, behaviour, close, expected, received, ms, wire, ...(known && { known }) };
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function read(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");
}
