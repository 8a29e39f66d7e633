/** The connection to a bus that is slow, wordy, hostile or of the other byte order. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";

/** Runs a script against a bus that says `chunks`, one every few milliseconds; what the script prints. */
async function against(chunks: readonly Uint8Array[], script: string): Promise<string> {
  const folder = mkdtempSync("/tmp/gum-cred-wire-");
  const server = Bun.listen({
    unix: `${folder}/bus`,
    socket: {
      async open(socket) {
        for (const chunk of chunks) {
          socket.write(chunk);
          await Bun.sleep(2);
        }
      },
      data() {},
    },
  });
  const source = `${import.meta.dir}/../../../src`;
  const program = `
    import { openSessionBus } from "${source}/dbus/client.ts";
    import { deadlineIn } from "${source}/os/deadline.ts";
    const heard = [];
    const bus = openSessionBus(process.env, (signal) => heard.push(signal));
    const call = { destination: "a.b", path: "/", interface: "a.b", method: "M", signature: "()", args: [], reply: "(u)" };
    const deadline = deadlineIn(700);
    try { ${script} } catch (error) { console.log(error.code ?? String(error)); }
    bus.close();`;
  const env = { PATH: process.env["PATH"], DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus` };
  const child = Bun.spawn([process.execPath, "-e", program], { env, timeout: 5000, killSignal: "SIGKILL" });
  const text = (await child.stdout.text()).trim();
  server.stop(true);
  rmSync(folder, { recursive: true });
  return text;
}

const OK = new TextEncoder().encode("OK 0123456789abcdef0123456789abcdef\r\n");

/** A reply or a signal, big-endian, made with as little of the code under test as can be. */
function bigEndian(type: 2 | 4, replyTo: number, signature: string, body: Uint8Array): Uint8Array {
  const field = (code: number, letter: string, value: number[]) => [
    code,
    1,
    letter.charCodeAt(0),
    0,
    ...value,
  ];
  const text = (value: string) => [0, 0, 0, value.length, ...new TextEncoder().encode(value), 0];
  const fields: number[] = [];
  const add = (bytes: number[]) => {
    while (fields.length % 8 !== 0) fields.push(0);
    fields.push(...bytes);
  };
  if (type === 2) add(field(5, "u", [0, 0, 0, replyTo]));
  else {
    add(field(1, "o", text("/p")));
    add(field(2, "s", text("i.f")));
    add(field(3, "s", text("Sig")));
  }
  add(field(8, "g", [signature.length, ...new TextEncoder().encode(signature), 0]));
  const header = [0x42, type, 0, 1, 0, 0, 0, body.length, 0, 0, 0, 9, 0, 0, 0, fields.length, ...fields];
  while (header.length % 8 !== 0) header.push(0);
  return Uint8Array.from([...header, ...body]);
}

const WELCOME = bigEndian(2, 1, "s", Uint8Array.of(0, 0, 0, 1, 0x78, 0));
const ANSWER = bigEndian(2, 2, "u", Uint8Array.of(0, 0, 1, 2));
const SIGNAL = bigEndian(4, 0, "u", Uint8Array.of(0, 0, 0, 7));
const STRAY = bigEndian(2, 99, "u", Uint8Array.of(0, 0, 0, 0));
const ASK = `console.log(JSON.stringify([bus.send([call], deadline).replies(), heard.length]));`;

test("big-endian replies, among signals and replies to others, and byte by byte", async () => {
  const stream = new Uint8Array([...OK, ...SIGNAL, ...WELCOME, ...STRAY, ...ANSWER]);
  const expected = `[[{"ok":true,"values":[258]}],1]`;
  expect(await against([stream], ASK)).toBe(expected);
  const bytes = [...stream].map((byte) => Uint8Array.of(byte));
  expect(await against(bytes.slice(0, 60).concat(stream.subarray(60)), ASK)).toBe(expected);
});

test.each<[string, string, readonly Uint8Array[]]>([
  ["refuses us", "E_KEYCHAIN_DENIED", [new TextEncoder().encode("REJECTED EXTERNAL\r\n")]],
  ["says a line without end", "E_KEYCHAIN_FAILED", [new Uint8Array(100_000).fill(0x41)]],
  ["says OK, then something else", "E_KEYCHAIN_FAILED", [OK, new Uint8Array(64).fill(0x41)]],
  [
    "announces 4 GiB",
    "E_KEYCHAIN_FAILED",
    [OK, Uint8Array.of(0x42, 2, 0, 1, 255, 255, 255, 255, ...Array(8).fill(0))],
  ],
  [
    "answers with another type",
    "E_KEYCHAIN_FAILED",
    [OK, WELCOME, bigEndian(2, 2, "b", Uint8Array.of(0, 0, 0, 1))],
  ],
  ["answers with half a message", "E_KEYCHAIN_TIMEOUT", [OK, WELCOME, ANSWER.subarray(0, 20)]],
  ["sends signals for ever and no answer", "E_KEYCHAIN_TIMEOUT", [OK, ...Array(600).fill(SIGNAL)]],
])("a bus that %s: %s", async (_what, code, chunks) => {
  expect(await against(chunks, ASK)).toBe(code);
});
