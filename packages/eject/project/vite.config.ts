import { compressedFiles } from "@rosetta/page/compressed-files";
import { defineConfig } from "vite";

export default defineConfig({
  root: "page",
  // Relative, so that the page works below any path.
  base: "./",
  plugins: [compressedFiles()],
  build: {
    outDir: "../public",
    emptyOutDir: true,
    target: "es2024",
    // The server's policy allows no inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
