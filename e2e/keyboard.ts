import type { Locator } from "@playwright/test";
import { expect } from "./visit.ts";

declare function getComputedStyle(element: unknown): { outlineStyle: string; outlineWidth: string };

// A locator is looked for among all roles of the page whenever it is used; what is asked of a control at each press
// of a key is asked of its element.
type Element = Awaited<ReturnType<typeof elementOf>>;

/** Finds the element of a control once. */
export async function elementOf(control: Locator) {
  const element = await control.elementHandle();
  if (element) return element;
  throw new Error(`${control} is not there`);
}

/** Returns whether a line is drawn around a control, or around the cell that it fills. */
export function showsFocus(control: Element): Promise<boolean> {
  return control.evaluate((element) =>
    [element, element.parentElement].some((each) => {
      // At the top of a shadow root.
      if (!each) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(each);
      return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
    }),
  );
}

export function hasFocus(control: Element): Promise<boolean> {
  return control.evaluate((element) => element.matches(":focus"));
}

/** Presses Tab until a control has the focus; at most once through the page. */
export async function tabTo(control: Locator): Promise<void> {
  const element = await elementOf(control);
  for (let presses = 0; presses < 200; presses++) {
    if (await hasFocus(element)) return;
    await control.page().keyboard.press("Tab");
  }
  await expect(control).toBeFocused();
}
