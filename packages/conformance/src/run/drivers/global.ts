#!/usr/bin/env node
import { drive } from "./drive.ts";

// Drives the global WebSocket of the runtime that runs this file: Node, Bun or Deno.

const [page = ""] = process.argv.slice(2);
const agent = new URL(page).searchParams.get("agent") ?? "the global WebSocket";
await drive(new URL(page).origin, agent);
