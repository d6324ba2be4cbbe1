// A follower with Bun's own Redis client: `bun in-bun-redis.ts redis://127.0.0.1:6379`. It subscribes to `news`, and answers
// each line of its input with its state.
import { createInterface } from "node:readline";
import { RedisClient } from "bun";

const [url = ""] = process.argv.slice(2);
const heard: string[] = [];
let losses = 0;
const client = new RedisClient(url);
client.onclose = () => {
  losses += 1;
};
await client.connect();
await client.subscribe("news", (text) => heard.push(text));
console.log("subscribed");
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ isConnected: client.connected, losses, heard }));
}
client.close();
