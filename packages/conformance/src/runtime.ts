// Which runtime is new enough. Nothing here, and nothing that it imports, may need a new one.

const oldest = 22;

/** What is wrong with the runtime, in a sentence; nothing if it is new enough. */
export function outdated(versions: { node?: string } = process.versions): string | undefined {
  const [major = ""] = (versions.node ?? "").split(".");
  if (Number(major) >= oldest) return undefined;
  return `conform needs Node ${oldest} or later, or Bun; this is Node ${versions.node}`;
}
