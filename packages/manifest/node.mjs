// Runs before the commands of the root, in any Node: the sources are run as they stand, which takes one that reads TypeScript.
// Without a pinned Node for a platform it is the machine's own, and an old one would say ERR_UNKNOWN_FILE_EXTENSION.
const needed = 24;
const { platform, arch, versions } = process;

if (Number.parseInt(versions.node, 10) < needed) {
  console.error(
    `WebSocket Rosetta: there is no Node for ${platform}-${arch} in pnpm-lock.yaml, and yours is ${versions.node}. ` +
      `Put Node ${needed} or newer on PATH.`,
  );
  process.exit(1);
}
