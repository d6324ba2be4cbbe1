// Makes results/bench.html from results/bench.json alone: first what was decided, then what was not, then the
// figures.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stalled } from "./generator-job.ts";
import { type Mark, plot } from "./plot.ts";
import type { BenchResults, Measure, ResultRow, Schedule } from "./results.ts";
import { questions, type Sentence, sentencesOf } from "./sentences.ts";
import { bandOf } from "./statistics.ts";
import { bracket, escaped, interval, number, percent, range } from "./words.ts";

const style = readFileSync(join(import.meta.dirname, "report.css"), "utf8");

/** Returns the report as one self-contained HTML file. */
export function reportOf(results: BenchResults): string {
  const names = new Names(results);
  const scenarios = Object.keys(questions).filter((name) =>
    results.measures.some((each) => each.scenario === name),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>WebSocket Rosetta: the bench</title>
<style>${style}</style>
<main>
${head(results)}
${opening(results)}
${scenarios.map((name) => scenarioOf(name, results, names)).join("\n")}
${noise(results, names)}
${conditions(results)}
</main>
</html>
`;
}

class Names {
  readonly #candidates: BenchResults["candidates"];

  constructor({ candidates }: BenchResults) {
    this.#candidates = candidates;
  }

  title(id: string): string {
    return this.#candidates.find((each) => each.id === id)?.title ?? id;
  }

  kind(id: string): string {
    return this.#candidates.find((each) => each.id === id)?.kind ?? "app";
  }
}

function head({ date, machine, complete, quick, rounds, stolen = 0 }: BenchResults): string {
  const notes = [
    quick && "A quick run: intervals are wide.",
    !complete &&
      `This run was interrupted${rounds ? ` after ${rounds.done} of ${rounds.wanted} rounds` : ""}.`,
    machine.load > 1 &&
      `The machine was busy with other work when the run began (load ${number(machine.load)}).`,
    stolen > 0.01 && `A hypervisor gave ${percent(stolen)} of the cores' time to other machines.`,
  ].filter((note) => note !== false);
  const cores = machine.pinned ? "one core for the server" : "no separate core for the server";
  return `<header><h1>The bench of WebSocket Rosetta</h1>
<p class="quiet">${date.slice(0, 10)}, ${escaped(machine.cpu)}, ${cores}. For the processes
that were measured, every interval contains its figure with 95&nbsp;% confidence. A comparison is decided only if its
whole interval lies outside the band in its plot. The band covers how much <a href="#noise">equal servers</a> differ and
how much another run may differ.</p>
${notes.map((note) => `<p class="note">${escaped(note)}</p>`).join("\n")}</header>`;
}

function opening(results: BenchResults): string {
  const { decided, undecided, refused, limited } = sentencesOf(results);
  const apps = decided.filter(({ kind }) => kind === "app");
  const others = decided.filter(({ kind }) => kind !== "app");
  const isCompared = undecided.some(({ kind }) => kind === "app");
  const none = isCompared
    ? "<p>No comparison of this repository’s servers is decided. The list below gives the reason for each.</p>"
    : "<p>No server of this repository was compared.</p>";
  return [
    `<section class="said"><h2>Decided</h2>${apps.length > 0 ? listed(apps) : none}</section>`,
    folded("Decided for first rungs and bare libraries", others),
    folded("Undecided", undecided),
    folded("Refused", refused),
    folded("Not measured: something else was the limit", limited),
  ].join("\n");
}

function folded(title: string, sentences: readonly Sentence[]): string {
  if (sentences.length === 0) return "";
  const isOpen = title === "Refused" ? " open" : "";
  return `<details class="said"${isOpen}><summary>${title} <span>${sentences.length}</span></summary>
${listed(sentences)}</details>`;
}

function listed(sentences: readonly Sentence[]): string {
  const groups = [...Map.groupBy(sentences, ({ scenario }) => scenario)];
  const lists = groups.map(
    ([scenario, said]) => `<h3><a href="#${scenario}">${escaped(questions[scenario] ?? scenario)}</a></h3>
<ul>${said.map(({ text }) => `<li>${emphasized(text)}</li>`).join("\n")}</ul>`,
  );
  return lists.join("\n");
}

// Marks the figure and its interval, which readers look for in a sentence.
function emphasized(text: string): string {
  return escaped(text)
    .replace(/[\d.,]+ ×/, "<strong>$&</strong>")
    .replace(/\[[^\]]+–[^\]]+\]/, '<span class="quiet">$&</span>');
}

function scenarioOf(name: string, { measures }: BenchResults, names: Names): string {
  const ours = measures.filter(({ scenario }) => scenario === name);
  return `<section id="${name}"><h2>${escaped(questions[name] ?? name)}</h2>
${ours.map((measure) => measureOf(measure, names)).join("\n")}</section>`;
}

function measureOf(measure: Measure, names: Names): string {
  const { title, unit, noise, leastFactor, rows } = measure;
  const figures = rows.flatMap((row) => figureMark(row, names));
  const ratios = rows.flatMap((row) => ratioMark(row, measure, names));
  const guides = { line: 1, ...(noise && { band: bandOf(noise, leastFactor) }) };
  const plots = [
    figures.length > 0 && `<figure>${plot(title, unit, figures)}</figure>`,
    ratios.length > 0 &&
      `<figure>${plot(`${title}, beside the control`, "times its control", ratios, guides)}</figure>`,
  ].filter(Boolean);
  return `<article><h3>${escaped(title)}</h3>
<div class="plots">${plots.join("\n")}</div>
${tableOf(measure, names)}</article>`;
}

function figureMark({ candidate, verdict, figure }: ResultRow, names: Names): Mark[] {
  if (verdict !== "measured" || !figure) return [];
  const text = `${number(figure.value)}${bracket(figure)}`;
  return [{ label: names.title(candidate), text, estimate: figure, style: names.kind(candidate) }];
}

function ratioMark({ candidate, ratio }: ResultRow, { better }: Measure, names: Names): Mark[] {
  if (!ratio) return [];
  const isBetter = ratio.decision === better;
  const style = ratio.decision === "undecided" ? "undecided" : isBetter ? "better" : "worse";
  return [{ label: names.title(candidate), text: interval(ratio), estimate: ratio, style }];
}

function tableOf({ unit, noise, leastFactor, rows }: Measure, names: Names): string {
  const more = moreOf(rows);
  const same = noise
    ? `<tr class="noise"><th>equal servers</th><td></td><td></td><td></td>
<td class="figure">${range(noise)}</td><td>a difference counts only beyond ${range(bandOf(noise, leastFactor))}</td>${more ? "<td></td>" : ""}</tr>`
    : "";
  return `<div class="wide"><table><thead><tr><th>server</th><th class="figure">${escaped(unit)}</th>
<th class="figure">server busy</th><th class="figure">generator busy</th><th class="figure">× control</th>
<th>verdict</th>${more ? `<th>${more.title}</th>` : ""}</tr></thead>
<tbody>${same}
${rows.map((row) => tableRow(row, names, more)).join("\n")}</tbody></table></div>`;
}

/** Details that only some scenarios have for a row. */
interface More {
  title: string;
  of: (row: ResultRow) => string;
}

function moreOf(rows: readonly ResultRow[]): More | undefined {
  if (rows.some(({ stalled }) => stalled)) {
    return { title: "the client that did not read", of: ({ stalled }) => (stalled ? fate(stalled) : "") };
  }
  if (!rows.some(({ schedule }) => schedule)) return undefined;
  return {
    title: "on schedule, in the median slice",
    of: ({ schedule }) => (schedule ? punctualityOf(schedule) : ""),
  };
}

function punctualityOf({ rate, p99, p999 }: Schedule): string {
  const lines = [`at ${number(rate)}/s`, `99 %: ${number(p99)} µs`, `99.9 %: ${number(p999)} µs`];
  return lines.map((line) => line.replaceAll(" ", "&nbsp;")).join("<br>");
}

function tableRow(row: ResultRow, names: Names, more: More | undefined): string {
  const { candidate, verdict, figure, ratio, serverBusy, generatorBusy } = row;
  const shown = verdict === "measured" && figure;
  const value = shown ? `<strong>${number(figure.value)}</strong>${bracket(figure)}` : "–";
  const told = more ? `<td>${shown ? more.of(row) : ""}</td>` : "";
  return `<tr class="${names.kind(candidate)}"><th>${escaped(names.title(candidate))}</th>
<td class="figure">${value}</td><td class="figure">${percent(serverBusy)}</td>
<td class="figure">${percent(generatorBusy)}</td><td class="figure">${ratio ? interval(ratio) : ""}</td>
<td>${escaped(verdictOf(row, names))}</td>${told}</tr>`;
}

function verdictOf({ candidate, verdict, why, ratio }: ResultRow, names: Names): string {
  if (verdict !== "measured") return `${verdict}: ${why}`;
  if (!ratio) return why ?? "";
  const control = ratio.control === candidate ? "its own plain echo" : names.title(ratio.control);
  if (ratio.decision !== "undecided") return `${ratio.decision} than ${control}`;
  return `undecided beside ${control}: ${ratio.why}`;
}

function fate({ published, prefix, gap, closed }: Stalled): string {
  if (prefix === published) return "got every message, in order";
  const got = `got ${prefix.toLocaleString("en")} of ${published.toLocaleString("en")} in order, then`;
  if (closed !== undefined) return `${got} was closed with ${closed}${gap ? ", after a gap" : ""}`;
  return `${got} ${gap ? "some were missing" : "nothing more came"}, without notice`;
}

function noise({ selfComparisons, measures }: BenchResults, names: Names): string {
  if (selfComparisons.length === 0) return "";
  const rows = selfComparisons.map(
    ({ scenario, title, candidate, ratio }) => `<tr><th>${escaped(names.title(candidate))}</th>
<td class="figure">${interval(ratio)}</td><td>${scenario}: ${escaped(title)}</td></tr>`,
  );
  const noises = measures.flatMap(({ scenario, noise }) => (noise ? { scenario, noise } : []));
  const bands = [...Map.groupBy(noises, ({ noise }) => range(noise))].map(([band, alike]) => {
    const scenarios = [...new Set(alike.map(({ scenario }) => scenario))].join(", ");
    return `<li><strong>${band}</strong>, from ${alike[0]?.noise.count} ratios: ${scenarios}</li>`;
  });
  const compared = measures.filter(({ noise }) => noise);
  const factors = [...Map.groupBy(compared, ({ leastFactor }) => leastFactor)].map(([factor, alike]) => {
    const scenarios = [...new Set(alike.map(({ scenario }) => scenario))].join(", ");
    return `<li>less than <strong>${number(factor)} ×</strong>, or 1 ÷ ${number(factor)}: ${scenarios}</li>`;
  });
  return `<section id="noise"><h2>The same server twice</h2>
<p>Two processes of the same server were measured in pairs, like two different servers. From these pairs, the ratio of
the next two equal servers lies, with 95&nbsp;% confidence, between:</p>
<ul>${bands.join("\n")}</ul>
<p>Another run happens at another time and with other processes. A factor that is small compared with the differences
between runs is not decided either:</p>
<ul>${factors.join("\n")}</ul>
<article><div class="wide"><table><thead><tr><th>server</th><th class="figure">× itself</th><th>in</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></article></section>`;
}

function conditions(results: BenchResults): string {
  const { machine, versions, settings, commit, date, quick, complete, stolen, measures } = results;
  const special = measures.flatMap(({ scenario, settings = {} }) =>
    Object.entries(settings).map(([name, value]) => [`${name}, in ${scenario}`, value] as const),
  );
  const pinned = machine.pinned
    ? `server on ${machine.pinned.server}, generator on ${machine.pinned.generator}`
    : "not pinned";
  const facts = {
    date: `${date}${quick ? ", quick" : ""}${complete ? "" : ", interrupted"}`,
    commit,
    processor: `${machine.cores} × ${machine.cpu}`,
    memory: `${number(machine.memoryBytes / 2 ** 30)} GiB`,
    system: machine.platform,
    cores: pinned,
    governor: machine.governor ?? "not reported",
    "load at the start": String(machine.load),
    ...(stolen !== undefined && {
      "time taken by a hypervisor": `${(stolen * 100).toFixed(1)} % of the cores' time`,
    }),
    ...versions,
    ...settings,
  };
  const all = [...Object.entries(facts), ...special];
  const rows = all.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<section id="conditions"><h2>Machine and settings</h2><dl>${rows.join("\n")}</dl></section>`;
}
