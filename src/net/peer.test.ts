/** Whose connection it is: with real sockets, and with tables as Linux writes them. */
import { expect, test } from "bun:test";
import { peerUid } from "./peer.ts";

/** From a machine of uid 1000; the client's socket and the server's both appear. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:223D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 37201 1 0 100 0 0 10 0
   1: 0100007F:C0DE 0100007F:223D 01 00000000:00000000 00:00000000 00000000  1001        0 37203 1 0 20 4 30 10 -1
   2: 0100007F:223D 0100007F:C0DE 01 00000000:00000000 00:00000000 00000000  1000        0 37202 1 0 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:C0DF 0000000000000000FFFF00000100007F:223D 01 00000000:00000000 00:00000000 00000000  1002        0 37204 1 0 20 4 30 10 -1
`;
const tables = (path: string) => (path.endsWith("tcp6") ? TCP6 : TCP);

test.each([
  ["an IPv4 socket", 0xc0de, 1001],
  ["an IPv6 socket that speaks IPv4", 0xc0df, 1002],
  ["nobody's", 0xc0e0, null],
])("%s", (_, port, uid) => {
  expect(peerUid(port, 8765, tables)).toBe(uid);
});

test("without tables nobody tells", () => {
  expect(peerUid(0xc0de, 8765, () => "")).toBeNull();
});

test.skipIf(process.platform !== "linux")("a connection of ours is ours", async () => {
  const seen: (number | null)[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => {
      seen.push(peerUid(self.requestIP(request)?.port ?? 0, self.port ?? 0));
      return new Response("");
    },
  });
  await fetch(server.url);
  await server.stop(true);
  expect(seen).toEqual([process.getuid?.() ?? -1]);
});
