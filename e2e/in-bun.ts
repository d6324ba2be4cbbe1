// A small application of `@rosetta/client` in Bun: `bun in-bun.ts ws://127.0.0.1:3003/ws room/lobby`. It prints
// what it received and closes the client when its input ends. Nothing else keeps the process alive.
import { once } from "node:events";
import { Client } from "@rosetta/client";

const [url = "", room = ""] = process.argv.slice(2);
const heard: string[] = [];
const client = new Client(url, { timeoutMs: 20_000 });
client.subscribe(room, ({ data }) => void (data.kind === "chat" && heard.push(data.text)));
client.open();
await client.publish(room, "before the cut");
await client.request({ type: "chaos", do: "terminate" }).catch(() => {});
await client.publish(room, "after it");
console.log(JSON.stringify({ bun: process.versions.bun !== undefined, heard }));
await once(process.stdin.resume(), "end");
client.close();
