import { expect, test } from "vitest";
import { anyServer, dealtTo } from "./dealing.ts";

const servers = ["one", "two", "three"];
const dealt = (id: string) => dealtTo({ title: `${id} MUST do it`, tags: ["page", anyServer] }, servers);

test("a test that a server could change is put to all", () => {
  expect(dealtTo({ title: "PAGE-01 MUST do it", tags: ["page"] }, servers)).toBeUndefined();
});

test("neighbours come to different servers, always the same", () => {
  expect(["PAGE-07", "PAGE-08", "PAGE-09", "PAGE-10"].map(dealt)).toEqual(["two", "three", "one", "two"]);
});

test("every second one, too, reaches every server", () => {
  const even = ["COURSE-02", "COURSE-04", "COURSE-06"].map(dealt);
  expect(even.toSorted()).toEqual(servers.toSorted());
});
