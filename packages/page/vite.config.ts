import { defineConfig } from "vite";
import { compactTemplates } from "./build/compact-templates.ts";
import { compressedFiles } from "./build/compressed-files.ts";
import { lessons } from "./build/lessons.ts";
import { stepPages } from "./build/step-pages.ts";
import { withoutCompiler } from "./build/without-compiler.ts";

export default defineConfig({
  // Relative, so that the page works on any port and below any path.
  base: "./",
  plugins: [lessons(), stepPages(), compactTemplates(), withoutCompiler(), compressedFiles()],
  build: {
    target: "es2024",
    // Browsers that know `light-dark()` get it as written; Vite would otherwise replace it.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The policy allows no inline data for scripts and styles, and one file each is easy to cache.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      output: { chunkFileNames: ({ facadeModuleId, name }) => chunkName(facadeModuleId, name) },
    },
  },
});

// Every panel's file is called panel.ts. The name of its chunk shows in the network tab which one was loaded.
function chunkName(path: string | null, name: string): string {
  const [, panel = name] = /\/panels\/([a-z-]+)\/panel\.ts$/.exec(path ?? "") ?? [];
  return `assets/${panel}-[hash].js`;
}
