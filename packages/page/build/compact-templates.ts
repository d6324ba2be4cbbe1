import type { Plugin } from "vite";

/**
 * Takes the indentation out of `html` and `css` templates, and the comments out of the latter. A minifier of scripts
 * leaves the content of templates as it is.
 */
export function compactTemplates(): Plugin {
  return {
    name: "rosetta-compact-templates",
    apply: "build",
    transform(code, id) {
      if (!/\/src\/.*\.ts$/.test(id)) return undefined;
      // No template contains text whose blanks matter: the content of a `pre` comes from elsewhere.
      const flat = code.replaceAll(/\n[ \t]+/g, "\n");
      return { code: flat.replaceAll(/\bcss`[^`]*`/g, compactStyle), map: null };
    },
  };
}

function compactStyle(template: string): string {
  return template
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([{};,]) ?/g, "$1");
}
