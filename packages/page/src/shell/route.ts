import type { CoursePlace } from "../course/course-place.ts";

/** The place on the page. It stands in the address, so that a link shows somebody else the same. */
export interface Route {
  lesson: CoursePlace;
  /** A server's id, `every` for all of them at once, or nothing for the one that sent the page. */
  server?: string;
  /** The topic that the panels begin with. */
  topic?: string;
}

const topicForm = /^(weather\/[a-z]{1,32}|scores|room\/[a-z0-9-]{1,32})$/;

/** The pages that are no lessons, by their path. */
const pages: Record<string, Exclude<CoursePlace, number>> = {
  "": "start",
  "/": "start",
  "/all": "all",
  "/next": "next",
  "/libraries": "libraries",
};

/**
 * Reads the part of the address behind `#`; `lessons` are the numbers there are. Values in a form that cannot be used
 * are left out, because an address may come from anybody.
 */
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

/** Writes the address of a route, to be put behind `#`. An unknown page leads to the start. */
export function printRoute({ lesson, server, topic }: Route): string {
  const values = [server && `server=${server}`, topic && `topic=${topic}`].filter(Boolean);
  return values.length === 0 ? pathOf(lesson) : `${pathOf(lesson)}?${values.join("&")}`;
}

function pathOf(lesson: CoursePlace): string {
  if (typeof lesson === "number") return `#/lesson/${lesson}`;
  return lesson === "start" || lesson === "unknown" ? "#/" : `#/${lesson}`;
}

// An earlier edition of the page had addresses without a word before the number.
function lessonOf(path: string, lessons: number[]): CoursePlace {
  if (Object.hasOwn(pages, path)) return pages[path] as CoursePlace;
  const number = Number(/^\/(?:lesson\/)?(\d{1,3})$/.exec(path)?.[1]);
  return lessons.includes(number) ? number : "unknown";
}
