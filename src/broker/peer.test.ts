import { expect, test } from "bun:test";
import { connect } from "node:net";
import { ownerInTable, peerLookup } from "./peer.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1
   3: 0100007F:C350 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0 20 4 30 10 -1
`;

test.each([
  [50_000, 8080, 1001],
  [50_000, 8081, 1002],
  [50_001, 8080, "gone"],
  [8080, 50_000, 0],
] as const)("the owner of %d to %d is %s", (client, server, owner) => {
  expect(ownerInTable(client, server, () => TABLE)).toBe(owner);
});

test("without a table nobody tells", () => {
  expect(ownerInTable(1, 2, () => null)).toBeNull();
});

test.skipIf(process.platform !== "linux")("a real connection, by the kernel and by the table", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const socket = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const uid = process.getuid?.() ?? -1;
  expect(peerLookup()?.(socket.localPort ?? 0, server.port)).toBe(uid);
  expect(ownerInTable(socket.localPort ?? 0, server.port)).toBe(uid);
  expect(peerLookup()?.(1, server.port)).toBe("gone");
  socket.destroy();
  server.stop(true);
});
