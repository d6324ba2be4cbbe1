// What the tests of this package need. Not exported to apps.
export {
  now,
  openSessionOf,
  type Part,
  partOf,
  request,
  type Setting,
  secret,
  setUp,
  start,
} from "./setting.ts";
export { openSession, Peer, Socket, TestPort } from "./stack.ts";
export { settled, World } from "./world.ts";
