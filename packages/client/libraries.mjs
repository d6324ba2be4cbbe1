// Copies the libraries of two pages to where the pages load them from, at every install. A server that serves only
// `steps` cannot reach node_modules, a link there would break on Windows, and a copy in git would grow old.
import { copyFileSync, mkdirSync } from "node:fs";

const libraries = {
  "alpine.js": "@alpinejs/csp/dist/cdn.min.js",
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "htmx-ws.js": "htmx.org/dist/ext/hx-ws.min.js",
};

const folder = new URL("steps/lib/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, path] of Object.entries(libraries)) {
  copyFileSync(new URL(`node_modules/${path}`, import.meta.url), new URL(name, folder));
}
