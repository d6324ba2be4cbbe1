import { expect, test } from "vitest";
import { anyServer, dealtTo } from "./dealing.ts";

const servers = ["one", "two", "three"];
const dealt = (id: string) => dealtTo({ title: `${id} MUST do it`, tags: ["page", anyServer] }, servers);

test("a test that depends on the server runs on every server", () => {
  expect(dealtTo({ title: "PAGE-01 MUST do it", tags: ["page"] }, servers)).toBeUndefined();
});

test("consecutive tests run on different servers, each always on the same one", () => {
  expect(["PAGE-07", "PAGE-08", "PAGE-09", "PAGE-10"].map(dealt)).toEqual(["two", "three", "one", "two"]);
});

test("tests with even numbers are spread over all servers, too", () => {
  const even = ["COURSE-02", "COURSE-04", "COURSE-06"].map(dealt);
  expect(even.toSorted()).toEqual(servers.toSorted());
});
