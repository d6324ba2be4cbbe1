// Which runtimes are new enough. This module and its imports must themselves run on old ones.

const oldest = 22;

/** Returns what is wrong with the runtime, in a sentence, or nothing if it is new enough. */
export function outdated(versions: { node?: string } = process.versions): string | undefined {
  const [major = ""] = (versions.node ?? "").split(".");
  if (Number(major) >= oldest) return undefined;
  return `conform needs Node ${oldest} or later, or Bun; this is Node ${versions.node}`;
}
