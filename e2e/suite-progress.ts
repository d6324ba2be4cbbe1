import { styleText } from "node:util";

type Outcome = "passed" | "failed" | "deviates" | "skipped";

const marks = { passed: "·", failed: "✗", deviates: "≠", skipped: "-" };
const width = 80;

/**
 * Shows how far a run is: on a terminal one line that changes, otherwise a mark for each test. A failure is a line.
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

  /** Reports a finished test. `quiet` means that a failure is nothing special. */
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

  /** Leaves the line that changes. */
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
