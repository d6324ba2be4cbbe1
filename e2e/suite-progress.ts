import { styleText } from "node:util";

type Outcome = "passed" | "failed" | "deviates" | "skipped";

const marks = { passed: "·", failed: "✗", deviates: "≠", skipped: "-" };
const width = 80;

/**
 * Shows the progress of a run: on a terminal one line that changes, otherwise a mark for each test. Each failure gets a
 * line of its own.
 */
export class SuiteProgress {
  readonly #total: number;
  readonly #terminal = process.stdout.isTTY === true;
  #done = 0;
  #failed = 0;
  #column = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Reports a finished test. With `quiet`, a failure gets only a mark, as any other outcome does. */
  test(outcome: Outcome, name: string, quiet: boolean): void {
    this.#done++;
    if (outcome === "failed") this.#failed++;
    if (outcome === "failed" && !quiet)
      this.print(styleText("red", `${marks.failed} ${name}`, { stream: process.stdout }));
    else if (!this.#terminal) this.#mark(marks[outcome]);
    if (this.#terminal) this.#status(name);
  }

  /** Prints a separate line. */
  print(line: string): void {
    this.end();
    console.log(line);
  }

  /** Ends the current line, so that something else can be printed. */
  end(): void {
    if (this.#terminal) process.stdout.write("\r\x1b[2K");
    else if (this.#column > 0) process.stdout.write("\n");
    this.#column = 0;
  }

  #mark(mark: string): void {
    process.stdout.write(mark);
    this.#column++;
    if (this.#column === width) this.end();
  }

  #status(name: string): void {
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    const line = `${this.#done}/${this.#total}${failed}  ${name}`;
    process.stdout.write(`\r\x1b[2K${line.slice(0, (process.stdout.columns || width) - 1)}`);
  }
}
