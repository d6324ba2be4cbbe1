// The closing line of the gate: the unit tests and the suite together, embedded and with an engine.
// A step that left no result counts as one failure, for nothing is known about it.
import { readFileSync } from "node:fs";

const unit = read("results/unit.json", (report) => ({
  passed: report.numPassedTests,
  failed:
    report.numFailedTests +
    report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0)
      .length,
  skipped: report.numPendingTests + report.numTodoTests,
}));
const count = ({ servers, tests }) => {
  const verdicts = tests.flatMap((test) =>
    servers
      .filter(({ id }) => test.dealtTo === undefined || test.dealtTo === id)
      .map(({ id }) => test.results[id]?.verdict),
  );
  const sum = (...wanted) => verdicts.filter((verdict) => wanted.includes(verdict)).length;
  return { passed: sum("passed", "deviates"), failed: sum("failed"), skipped: sum(undefined) };
};
const suite = read("results/e2e.json", count);
const withEngine = read("results/engine-dealt.json", count);

const sum = (key) => unit[key] + suite[key] + withEngine[key];
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exitCode = sum("failed") > 0 ? 1 : 0;

function read(file, count) {
  try {
    return count(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    console.log(`\n${file}: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
