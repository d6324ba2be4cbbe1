/** How the wire is shown. */
export type WireView = "sequence" | "list";

const key = "rosetta-wire-view";

/** Returns the view that was chosen last in this browser. Default: `sequence`. */
export function rememberedView(): WireView {
  try {
    return localStorage.getItem(key) === "list" ? "list" : "sequence";
  } catch {
    // A browser can forbid pages to remember.
    return "sequence";
  }
}

/** Remembers the view, where the browser lets a page do that. */
export function rememberView(view: WireView): void {
  try {
    localStorage.setItem(key, view);
  } catch {
    // It is asked for again next time.
  }
}
