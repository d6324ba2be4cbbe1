import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page works on any port and below any path.
  base: "./",
  build: {
    target: "es2024",
    // Browsers that know `light-dark()` get it as written; Vite would otherwise replace it.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The policy allows no inline data for scripts and styles, and one file each is easy to cache.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
