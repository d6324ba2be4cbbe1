// What every case has, whatever it is about.

/** How strongly the clause speaks: RFC 2119. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** The fields that every case has, whatever it is about. */
export interface CaseHead {
  /** Stable: group, family, number, as in `4.2.1`. */
  id: string;
  /** A plain sentence: what is sent, and what happens then. */
  title: string;
  /** Where the rule is written: `RFC 6455 §5.4`. */
  clause: string;
  /** The demand of the clause, in short. */
  gist: string;
  level: Level;
  /** The cases of Autobahn that find the same faults: `6.4.1`. */
  autobahn?: readonly string[];
}
