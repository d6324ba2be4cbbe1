import { expect, test } from "vitest";
import { askDoor, curlOf, doorCases } from "./model.ts";

const server = { id: "one", title: "One", url: "http://127.0.0.1:3001", self: true };

test("each of the prepared cases meets its answer", () => {
  const answers = doorCases(server).map(({ name, knock }) => [
    name,
    askDoor(knock, server, [server])?.status,
  ]);
  expect(answers).toEqual([
    ["This page, by WebSocket", undefined],
    ["A stranger’s page, by WebSocket", 403],
    ["A page in a sandboxed frame", 403],
    ["A program that sends no Origin", undefined],
    ["A name that was pointed at this machine", 421],
    ["No subprotocol offered", 400],
    ["Plain HTTP to a WebSocket endpoint", 426],
    ["An image in a stranger’s page", 403],
    ["A link to the page from anywhere", undefined],
  ]);
});

test("the pages of sibling servers may connect", () => {
  const [own] = doorCases(server);
  if (!own) throw new Error("no cases");
  const sibling = { id: "two", title: "Two", url: "http://127.0.0.1:3002", self: false };
  const knock = { ...own.knock, origin: sibling.url };
  expect(askDoor(knock, server, [server])?.status).toBe(403);
  expect(askDoor(knock, server, [server, sibling])).toBeUndefined();
});

test("the command says to a shell what was typed, and no more", () => {
  const [own] = doorCases(server);
  if (!own) throw new Error("no cases");
  const command = curlOf({ ...own.knock, origin: "x'; rm -rf ~; '$(y)" }, server);
  expect(command).toContain(`-H 'origin: x'\\''; rm -rf ~; '\\''$(y)'`);
  expect(command).toContain("'http://127.0.0.1:3001/ws'");
  expect(curlOf({ ...own.knock, origin: "" }, server)).not.toContain("origin");
});
