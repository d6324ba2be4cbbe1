import { expect, test } from "vitest";
import { table } from "./table.ts";

test("numbers stand to the right, words to the left", () => {
  expect(
    table(
      ["fault", "lost"],
      [
        ["cut", 0],
        ["kill -9", 12],
      ],
    ),
  ).toBe("fault    lost\ncut         0\nkill -9    12");
});
