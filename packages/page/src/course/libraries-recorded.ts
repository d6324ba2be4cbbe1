// Recorded from real servers and clients by `pnpm -C packages/libraries run record`, not written by hand.
import type { RecordedCrossing } from "./recorded-crossing.ts";

/** The version of socket.io and socket.io-client. */
export const socketIoVersion = "4.8.4";

/** The bytes of socket.io-client in a browser, minified and compressed. */
export const socketIoBytes = 14841;

export const socketIo: RecordedCrossing[] = [
  {
    step: "connect",
    from: "client",
    kind: "http",
    text: "GET /socket.io/?EIO=4&transport=polling&t=st9j4es1 HTTP/1.1",
    bytes: 151,
  },
  {
    step: "connect",
    from: "server",
    kind: "http",
    text: 'HTTP/1.1 200 OK: 0{"sid":"y3S4yF8EP_fTgptbAAAA","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
    bytes: 280,
  },
  {
    step: "connect",
    from: "client",
    kind: "http",
    text: "POST /socket.io/?EIO=4&transport=polling&t=st9jz3jj&sid=y3S4yF8EP_fTgptbAAAA HTTP/1.1: 40",
    bytes: 238,
  },
  {
    step: "connect",
    from: "client",
    kind: "http",
    text: "GET /socket.io/?EIO=4&transport=websocket&sid=y3S4yF8EP_fTgptbAAAA HTTP/1.1",
    bytes: 285,
  },
  { step: "connect", from: "server", kind: "http", text: "HTTP/1.1 200 OK: ok", bytes: 146 },
  {
    step: "connect",
    from: "client",
    kind: "http",
    text: "GET /socket.io/?EIO=4&transport=polling&t=st9k3bvk&sid=y3S4yF8EP_fTgptbAAAA HTTP/1.1",
    bytes: 176,
  },
  { step: "connect", from: "server", kind: "http", text: "HTTP/1.1 101 Switching Protocols", bytes: 129 },
  {
    step: "connect",
    from: "server",
    kind: "http",
    text: 'HTTP/1.1 200 OK: 40{"sid":"so2J7436ZbaLJ5VLAAAA"}',
    bytes: 193,
  },
  { step: "connect", from: "client", kind: "text", text: "2probe", bytes: 12 },
  { step: "connect", from: "server", kind: "text", text: "3probe", bytes: 8 },
  {
    step: "connect",
    from: "client",
    kind: "http",
    text: "GET /socket.io/?EIO=4&transport=polling&t=st9kj1ac&sid=y3S4yF8EP_fTgptbAAAA HTTP/1.1",
    bytes: 176,
  },
  { step: "connect", from: "server", kind: "http", text: "HTTP/1.1 200 OK: 6", bytes: 161 },
  { step: "connect", from: "client", kind: "text", text: "5", bytes: 7 },
  { step: "join", from: "client", kind: "text", text: '420["join","lobby"]', bytes: 25 },
  { step: "join", from: "server", kind: "text", text: "430[]", bytes: 7 },
  { step: "say", from: "client", kind: "text", text: '421["say","lobby","hello"]', bytes: 32 },
  { step: "say", from: "server", kind: "text", text: '42["said","hello"]', bytes: 20 },
  { step: "say", from: "server", kind: "text", text: "431[]", bytes: 7 },
  { step: "ping", from: "server", kind: "text", text: "2", bytes: 3 },
  { step: "ping", from: "client", kind: "text", text: "3", bytes: 7 },
];

export const ours: RecordedCrossing[] = [
  { step: "connect", from: "client", kind: "http", text: "GET /ws HTTP/1.1", bytes: 420 },
  { step: "connect", from: "server", kind: "http", text: "HTTP/1.1 101 Switching Protocols", bytes: 170 },
  {
    step: "connect",
    from: "client",
    kind: "text",
    text: '{"type":"hello","client":"********************************","connection":1,"id":"1"}',
    bytes: 90,
  },
  {
    step: "connect",
    from: "server",
    kind: "text",
    text: '{"type":"welcome","re":"1","server":"express-ws","runtime":"node 26.10.0","session":"47f034d0","member":"guest-a17bf198a5","known":false,"limits":{"messageBytes":65536,"queueBytes":1048576,"topics":128,"messagesPerSecond":100,"burst":200,"heartbeatMs":25000}}',
    bytes: 263,
  },
  {
    step: "join",
    from: "client",
    kind: "text",
    text: '{"type":"subscribe","topic":"room/lobby","id":"2"}',
    bytes: 56,
  },
  {
    step: "join",
    from: "server",
    kind: "text",
    text: '{"type":"subscribed","re":"2","topic":"room/lobby","mode":"stream","epoch":"c4e51ed931314287","offset":0,"recovered":false}',
    bytes: 125,
  },
  {
    step: "say",
    from: "client",
    kind: "text",
    text: '{"type":"publish","topic":"room/lobby","to":"all","text":"hello","id":"3"}',
    bytes: 80,
  },
  {
    step: "say",
    from: "server",
    kind: "text",
    text: '{"type":"event","topic":"room/lobby","epoch":"c4e51ed931314287","offset":1,"at":1795893822697,"from":"guest-a17bf198a5","to":"all","data":{"kind":"chat","text":"hello"}}',
    bytes: 173,
  },
  {
    step: "say",
    from: "server",
    kind: "text",
    text: '{"type":"ack","re":"3","topic":"room/lobby","epoch":"c4e51ed931314287","offset":1}',
    bytes: 84,
  },
  {
    step: "ping",
    from: "client",
    kind: "text",
    text: '{"type":"ping","at":1795893847703.0305,"id":"4"}',
    bytes: 54,
  },
  {
    step: "ping",
    from: "server",
    kind: "text",
    text: '{"type":"pong","re":"4","at":1795893847703.0305,"serverAt":1795893847713}',
    bytes: 75,
  },
];
