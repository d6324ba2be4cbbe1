import type { Plugin } from "vite";

/** Takes comments and indentation out of the styles in `css` templates, which a minifier of scripts leaves as they are. */
export function compactStyles(): Plugin {
  return {
    name: "rosetta-compact-styles",
    apply: "build",
    transform(code, id) {
      if (!/\/src\/.*\.ts$/.test(id) || !code.includes("css`")) return undefined;
      // Without a source map: nobody debugs the built page by its styles.
      return { code: code.replaceAll(/\bcss`[^`]*`/g, compactStyle), map: null };
    },
  };
}

/** Returns a `css` template without comments, and with one blank wherever there was any. */
function compactStyle(template: string): string {
  return template
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([{};,]) ?/g, "$1");
}
