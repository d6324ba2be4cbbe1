// Shows how far a run has come.

import { groupOf, groups } from "../cases/index.ts";
import type { Case } from "../model/case.ts";
import { countedAs, type ResultReport, signs } from "./report.ts";
import { cut, duration, painter, plain, plural, type Screen, widthOf } from "./terminal.ts";
import { styles } from "./verdict-styles.ts";

/** Gets the events of a run and shows them. */
export interface Progress {
  /** Shows that something is being waited for. */
  waiting(what: string): void;
  begin(target: string, cases: readonly Case[]): void;
  result(result: ResultReport): void;
  /** Erases what it has drawn. */
  clear(): void;
}

/** Returns progress that shows one line that changes on a terminal, and elsewhere a line for each completed group. */
export function progressOn(screen: Screen): Progress {
  return screen.isTTY ? new Line(screen) : new Log(screen);
}

const everyMs = 60;

class Line implements Progress {
  readonly #screen: Screen;
  readonly #counts = new Map<keyof typeof signs, number>();
  #target = "";
  #total = 0;
  #done = 0;
  #group = "";
  #began = 0;
  #drawn = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  waiting(what: string): void {
    this.#draw(what);
  }

  begin(target: string, cases: readonly Case[]): void {
    this.#target = target;
    this.#total = cases.length;
    this.#done = 0;
    this.#counts.clear();
    this.#began = performance.now();
  }

  result(result: ResultReport): void {
    this.#done++;
    const counted = countedAs(result);
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
    this.#group = groupOf(result).title;
    if (performance.now() - this.#drawn > everyMs) this.#draw(this.#text());
  }

  clear(): void {
    if (this.#drawn > 0) this.#screen.write("\r\x1b[2K");
  }

  #text(): string {
    const width = 20;
    const full = Math.floor((this.#done / Math.max(1, this.#total)) * width);
    const bar = "━".repeat(full) + "╌".repeat(width - full);
    const time = duration(performance.now() - this.#began);
    const bad = this.#counts.get("fail") ?? 0;
    const failing = bad > 0 ? `  ${signs.fail} ${bad}` : "";
    return `${this.#target}  ${bar}  ${this.#done}/${this.#total}${failing}  ${time}  ${this.#group}`;
  }

  #draw(text: string): void {
    const paint = painter(this.#screen);
    const line = cut(plain(text), widthOf(this.#screen) - 1)
      .replace(/━+/, (bar) => paint("green", bar))
      .replace(/✗ \d+/, (bad) => paint(styles.fail, bad));
    this.#screen.write(`\r\x1b[2K${line}`);
    this.#drawn = performance.now();
  }
}

class Log implements Progress {
  readonly #screen: Screen;
  readonly #left = new Map<number, number>();
  readonly #results: ResultReport[] = [];
  #told = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  waiting(what: string): void {
    // Only once in a while, because a log is no place for a clock.
    if (performance.now() - this.#told < 10_000 && this.#told > 0) return;
    this.#told = performance.now();
    this.#screen.write(`${plain(what)}\n`);
  }

  begin(target: string, cases: readonly Case[]): void {
    this.#left.clear();
    this.#results.length = 0;
    for (const each of cases) {
      const { number } = groupOf(each);
      this.#left.set(number, (this.#left.get(number) ?? 0) + 1);
    }
    this.#screen.write(`${plain(target)}: ${plural(cases.length, "case")}\n`);
  }

  result(result: ResultReport): void {
    const { number } = groupOf(result);
    this.#results.push(result);
    const left = (this.#left.get(number) ?? 1) - 1;
    this.#left.set(number, left);
    if (left === 0) this.#done(number);
  }

  clear(): void {}

  #done(number: number): void {
    const results = this.#results.filter((each) => groupOf(each).number === number);
    const failing = results.filter((each) => countedAs(each) === "fail").length;
    const words =
      failing > 0 ? `${failing} of ${results.length} fail` : `${plural(results.length, "case")}, no failures`;
    this.#screen.write(`  ${number} ${groups.find((each) => each.number === number)?.title}: ${words}\n`);
  }
}
