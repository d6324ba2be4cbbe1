import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { runProgram } from "@rosetta/testkit/process";

/**
 * Returns which process listens on a port of this machine, as `nginx (process 123)`. Returns `undefined` if that cannot
 * be found out: other people's processes are seen by the administrator only.
 */
export async function ownerOf(port: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux") return ownerInProc(port);
    if (process.platform === "win32") return await ownerByNetstat(port);
    return ownerInLsof(await outputOf("lsof", "-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"));
  } catch {
    return undefined;
  }
}

function nameOwner(name: string, pid: string): string {
  return `${name} (process ${pid})`;
}

function ownerInProc(port: number): string | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "utf8"));
  const links = listenersIn(tables.join("\n"), port).map((inode) => `socket:[${inode}]`);
  const pid = readdirSync("/proc").find(
    (name) => /^\d+$/.test(name) && linksOf(name).some((link) => links.includes(link)),
  );
  return pid && nameOwner(commandOf(readFileSync(`/proc/${pid}/cmdline`, "utf8")), pid);
}

/** Returns the inodes of the sockets that listen on a port, from the text of `/proc/net/tcp`. */
export function listenersIn(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  // Columns: number, local address, remote address, state (0A: listening), …, inode.
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local = "", , state, , , , , , inode = ""]) =>
    state === "0A" && local.endsWith(`:${hex}`) ? [inode] : [],
  );
}

function linksOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

// The name that Node gives its main thread says nothing, so the command line is shown.
function commandOf(line: string): string {
  const [program = "", ...args] = line.split("\0").filter((part) => part !== "");
  const words = [basename(program), ...args].join(" ");
  return words.length > mostCharacters ? `${words.slice(0, mostCharacters)}…` : words;
}

const mostCharacters = 60;

/** Reads the output of `lsof -Fpc`: a line `p123` and a line `cnginx` for each process. */
export function ownerInLsof(output: string): string | undefined {
  const [, pid] = /^p(\d+)$/m.exec(output) ?? [];
  const [, name] = /^c(.+)$/m.exec(output) ?? [];
  return pid && name && nameOwner(name, pid);
}

async function ownerByNetstat(port: number): Promise<string | undefined> {
  const pid = listenerInNetstat(await outputOf("netstat", "-ano", "-p", "TCP"), port);
  if (pid === undefined) return undefined;
  const [, name] =
    /^"([^"]+)"/m.exec(await outputOf("tasklist", "/FI", `PID eq ${pid}`, "/FO", "CSV", "/NH")) ?? [];
  return name && nameOwner(name, pid);
}

/** Reads the output of Windows' `netstat -ano`. A listener has the remote port 0; the word for its state is translated. */
export function listenerInNetstat(output: string, port: number): string | undefined {
  return new RegExp(`^\\s*TCP\\s+\\S+:${port}\\s+\\S+:0\\s+\\S+\\s+(\\d+)\\s*$`, "m").exec(output)?.[1];
}

async function outputOf(...command: string[]): Promise<string> {
  const { output } = await runProgram(command, { cwd: process.cwd(), deadlineMs: 2_000 });
  return output;
}
