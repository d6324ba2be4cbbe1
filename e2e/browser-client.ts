// Opens a page of `conform --client` in Chromium and waits until it has run all cases. It lives here because the
// suite already has Playwright, and the package has no dependencies.
import { chromium } from "@playwright/test";
import { browserArgs, ensureChromium } from "./browser.ts";

const [url = ""] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs });
const page = await browser.newPage();
page.on("crash", () => process.exit(1));
page.on("pageerror", (error) => console.error(error.message));
page.on("console", (message) => console.error(message.text()));
await page.goto(url);
await page.getByRole("status").filter({ hasText: "Done." }).waitFor({ timeout: 0 });
await browser.close();
