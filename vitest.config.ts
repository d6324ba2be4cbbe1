import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["packages/*/{src,test}/**/*.test.ts", "packages/page/*.test.ts", "e2e/*.test.ts"] },
});
