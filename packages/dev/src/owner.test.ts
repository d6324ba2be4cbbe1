import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { listenerInNetstat, listenersIn, ownerInLsof, ownerOf } from "./owner.ts";

test.runIf(process.platform === "linux" || process.platform === "darwin")(
  "the owner of our own port is us",
  async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    expect(await ownerOf((server.address() as AddressInfo).port)).toMatch(`(process ${process.pid})`);
    server.close();
  },
);

test("Linux lists a listener by its port in hex, whatever its address", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BBB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7001 1
   1: 0100007F:0BBB 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 7002 1
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7003 1
   3: 00000000000000000000000000000000:0BBB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7004 1`;
  expect(listenersIn(table, 3003)).toEqual(["7001", "7004"]);
  expect(listenersIn(table, 80)).toEqual(["7003"]);
});

test("lsof names the process in two lines", () => {
  expect(ownerInLsof("p123\ncnginx\nf6\n")).toBe("nginx (process 123)");
  expect(ownerInLsof("")).toBeUndefined();
});

test("netstat of Windows names the process in its last column, in any language", () => {
  const output = `
  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    127.0.0.1:3003         127.0.0.1:50001        HERGESTELLT     10
  TCP    0.0.0.0:13003          0.0.0.0:0              ABHÖREN         11
  TCP    127.0.0.1:3003         0.0.0.0:0              ABHÖREN         12\r\n`;
  expect(listenerInNetstat(output, 3003)).toBe("12");
  expect(listenerInNetstat(output, 3004)).toBeUndefined();
});
