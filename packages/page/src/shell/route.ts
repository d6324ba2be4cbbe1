/** The place on the page. It stands in the address, so that a link shows somebody else the same. */
export interface Route {
  /** A lesson's number, or everything. */
  lesson: number | "all";
  /** A server's id, `every` for all of them at once, or nothing for the one that sent the page. */
  server?: string;
  /** The topic that the panels begin with. */
  topic?: string;
}

const topicForm = /^(weather\/[a-z]{1,32}|scores|room\/[a-z0-9-]{1,32})$/;

/** Reads the part of the address behind `#`; `lessons` are the numbers there are. Whatever cannot be used is left out: it may come from anybody. */
export function parseRoute(hash: string, lessons: number[]): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?");
  const values = new URLSearchParams(query);
  const [server, topic] = [values.get("server"), values.get("topic")];
  return {
    lesson: lessonOf(path, lessons),
    ...(server && /^[a-z0-9-]{1,64}$/.test(server) && { server }),
    ...(topic && topicForm.test(topic) && { topic }),
  };
}

/** Writes the address of a route, to be put behind `#`. */
export function printRoute({ lesson, server, topic }: Route): string {
  const values = [server && `server=${server}`, topic && `topic=${topic}`].filter(Boolean);
  const path = lesson === "all" ? "#/all" : `#/lesson/${lesson}`;
  return values.length === 0 ? path : `${path}?${values.join("&")}`;
}

function lessonOf(path: string, lessons: number[]): Route["lesson"] {
  if (path === "/all") return "all";
  const number = Number(/^\/lesson\/(\d{1,3})$/.exec(path)?.[1] ?? 1);
  return lessons.findLast((each) => each <= number) ?? 1;
}
