// Runs before each command of the root, in whichever Node is there. The sources run without a build, so Node must read
// TypeScript. On a platform without a pinned Node an old one would only say ERR_UNKNOWN_FILE_EXTENSION.
const needed = 24;
const { platform, arch, versions } = process;

if (Number.parseInt(versions.node, 10) < needed) {
  console.error(
    `WebSocket Rosetta: pnpm-lock.yaml has no Node for ${platform}-${arch}, and yours is ${versions.node}. ` +
      `Put Node ${needed} or newer on your PATH.`,
  );
  process.exit(1);
}
