// The data of the report's page: the shape of the JSON inside the file.

/** The data of a report. */
export interface PageData {
  /** By id. */
  cases: Record<string, PageCase>;
  /** Results by server and case. */
  servers: Record<string, Record<string, PageResult>>;
}

/** The description of a case. */
export interface PageCase {
  kind: string;
  title: string;
  clause: string;
  gist: string;
  level: string;
  autobahn: readonly string[];
}

/** The result of one case with one server. */
export interface PageResult {
  verdict: string;
  behaviour: PageJudgement;
  close: PageJudgement;
  expected: string;
  received: string;
  ms: number;
  wire: readonly PageLine[];
  known?: { reason: string; link: string };
}

/** A verdict on one half of a case, and why. */
export interface PageJudgement {
  verdict: string;
  why?: string;
}

/** A line of the wire log, or a place where lines were left out. */
export type PageLine =
  | { kind: "omitted"; lines: number }
  | { kind: string; at: number; direction: string; text: string; hex: string; size: number };
