/** A lesson's number, or one of the pages around the course. `unknown`: the address names nothing that is here. */
export type CoursePlace = number | "start" | "next" | "libraries" | "all" | "unknown";
