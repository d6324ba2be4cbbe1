import { expect, test } from "vitest";
import { readArguments } from "./options.ts";

const url = "ws://127.0.0.1:3001/echo";

test("a URL alone is judged by every case", () => {
  expect(readArguments([url])).toMatchObject({
    do: "run",
    names: [url],
    selection: {},
    jobs: 8,
    seed: 1,
    deadlineMs: undefined,
    files: {},
  });
});

test("options are read", () => {
  const given = ["--only", "6.4,utf8", "--only", "7", "--level", "must", "--no-deflate", "--jobs", "2"];
  const more = ["--header", "Authorization: Bearer a:b ", "--json", "a.json", "--autobahn-json", "b.json"];
  expect(readArguments(["--", url, ...given, ...more, "--no-deadline"])).toMatchObject({
    selection: { only: ["6.4", "utf8", "7"], level: "MUST", deflate: false },
    jobs: 2,
    headers: [["Authorization", "Bearer a:b"]],
    files: { json: "a.json", "autobahn-json": "b.json" },
    deadlineMs: Number.POSITIVE_INFINITY,
  });
});

test("with a debugger, one case runs at a time", () => {
  expect(readArguments([url, "--no-deadline"])).toMatchObject({ jobs: 1 });
});

test.each([
  [[], "nothing to judge"],
  [["--nope", url], "Unknown option '--nope'; --help names all options"],
  [[url, url], `"${url}" is given twice`],
  [["--all", url], "--all and"],
  [[url, "--jobs", "x"], "--jobs x: expected a whole number from 1 to 256"],
  [[url, "--seed", "-1"], "--seed"],
  [[url, "--timeout", "0"], "--timeout 0"],
  [[url, "--timeout", "9", "--no-deadline"], "leave out one of them"],
  [[url, "--deflate", "--no-deflate"], "leave out one of them"],
  [[url, "--level", "most"], "--level most: expected must, should or may"],
  [[url, "--header", "no colon"], '--header "no colon"'],
  [[url, "--header", "a: b\r\nc: d"], "--header"],
  [[url, "--header", "host: a"], "--header host: every handshake sets this header itself"],
  [[url, "--only", "6.4,"], "a name is empty"],
  [[url, "--html", ""], "the name of the file is empty"],
  [[url, "--html", "a", "--json", "a"], "--json and --html name the same file, a"],
  [["ws://a", "ws://b", "--start", "x"], "--start starts one server"],
  [[url, "--client", "node"], "leave out the servers"],
  [[url, "--serve"], "--serve waits for clients"],
  [["--serve", "--html", "a.html"], "--serve waits for clients; leave out --html"],
  [["--client", "node", "--header", "a: b"], "--header is for servers, leave it out"],
  [[url, "--port", "1"], "--port has an effect only with --serve"],
  [[url, "--autobahn"], "only with --list"],
])("%j is refused in one line", (given, message) => {
  expect(() => readArguments(given)).toThrow(message);
  try {
    readArguments(given);
  } catch (error) {
    expect((error as Error).name).toBe("UsageError");
    expect((error as Error).message).not.toContain("\n");
  }
});
