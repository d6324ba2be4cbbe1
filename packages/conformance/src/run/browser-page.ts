// The page that runs all cases in a browser. Its policy allows it to talk only to the server that serves it.

import type { drive } from "./drivers/drive.ts";

/** Any page may drive the cases. Ours loads nothing but its script and connects to nothing but its server. */
export const pageHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
};

/** The page itself. */
export const pageHtml = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>WebSocket conformance of this browser</title>
<script type="module" src="/page.js"></script>
<h1>WebSocket conformance of this browser</h1>
<p role="status" id="progress">Starting …</p>
<ul id="findings"></ul>
</html>
`;

/** Returns the page's script. It drives a browser's client with the same code as any other client. */
export function pageScript(driver: typeof drive): string {
  return `${driver.toString()}

const progress = document.querySelector("#progress");
const findings = document.querySelector("#findings");
const agent = new URLSearchParams(location.search).get("agent") || navigator.userAgent;
const counts = {};
await drive(location.origin, agent, {
  judged: ({ id, title, verdict, behaviour, close }) => {
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    progress.textContent = Object.entries(counts).map(([each, count]) => count + " " + each).join(", ");
    if (verdict === "pass" || verdict === "info") return;
    const why = [behaviour.why, close.why].filter(Boolean).join("; ");
    findings.append(Object.assign(document.createElement("li"), { textContent: \`\${id} \${verdict}: \${title} – \${why}\` }));
  },
});
progress.textContent += ". Done.";
document.title = "Done: " + progress.textContent;
`;
}
