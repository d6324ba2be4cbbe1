// `pnpm dev` loads this before a server's own code, in the server's folder.
import { basename } from "node:path";
import { portIn } from "./dev.ts";

const port = portIn(process.env.PORTS, basename(process.cwd()));
if (port) process.env.PORT = port;
