/** A line of a server, as a terminal shows it. */
export interface LogLine {
  text: string;
  /** True for what only records that something happened; errors and whatever code printed itself are not routine. */
  isRoutine: boolean;
}

/** pino's number for errors; below are warnings and records. */
const errorLevel = 50;

// What every record has, or what the line begins with anyway.
const common = ["level", "time", "server", "msg", "err"];

/** Makes a pino record readable: `opened session=x endpoint=/ws`. Any other line stays as it is. */
export function readLog(line: string): LogLine {
  const record = parse(line);
  if (!record) return { text: line, isRoutine: false };
  const details = Object.entries(record).filter(([name]) => !common.includes(name));
  const words = details.map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const { stack } = Object(record.err) as { stack?: string };
  return {
    text: [record.msg, ...words].join(" ") + (stack === undefined ? "" : `\n${stack}`),
    isRoutine: record.level < errorLevel,
  };
}

function parse(line: string): (Record<string, unknown> & { level: number; msg: string }) | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    const record = JSON.parse(line);
    return typeof record.level === "number" && typeof record.msg === "string" ? record : undefined;
  } catch {
    return undefined;
  }
}
