import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/{src,build}/**/*.test.ts", "e2e/*.test.ts"],
    // A busy machine is no failure: a test that hangs is still found.
    testTimeout: 180_000,
    // Most of the slow ones wait for processes and deadlines: left alone, Vitest runs one file at a time on two cores.
    maxWorkers: 3,
    // A test in which nothing was demanded has shown nothing: a loop over an empty list, a callback that never came.
    expect: { requireAssertions: true },
  },
});
