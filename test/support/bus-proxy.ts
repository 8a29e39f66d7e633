/**
 * A D-Bus connection that breaks on purpose: passes bytes between a client and a real bus, counts the client's
 * messages, and at the n-th cuts the connection, before or after the bus has seen it. What is behind it is the
 * real keyring; only its reliability is false.
 * Reference: D-Bus specification, "Message Format".
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "bun";

export interface Cut {
  /** Which message of the client, from 1, over all connections. */
  readonly message: number;
  /** Whether the bus still gets it; its answer is lost either way. */
  readonly delivered: boolean;
  /** Whether later connections are cut at once as well: a keyring that died rather than hiccuped. */
  readonly forGood: boolean;
}

export interface BusProxy {
  /** For `DBUS_SESSION_BUS_ADDRESS`. */
  readonly address: string;
  /** Starts to count anew, and cuts as told; null passes everything. */
  arm(cut: Cut | null): void;
  /** Messages since {@link arm}. */
  count(): number;
  /** Their bytes, one character for each. */
  messages(): readonly string[];
  stop(): void;
}

/** Time for the bus and the keyring to act on a message whose answer is not waited for. */
const SETTLE_MS = 25;

export function startBusProxy(busAddress: string): BusProxy {
  const path = /^unix:path=([^,;]+)/.exec(busAddress)?.[1];
  if (path === undefined) throw new Error(`not a bus at a path: ${busAddress}`);
  const directory = mkdtempSync("/tmp/gum-cred-proxy-");
  let cut: Cut | null = null;
  let messages: string[] = [];
  let dead = false;

  const server = Bun.listen<Side>({
    unix: `${directory}/bus`,
    socket: {
      async open(client) {
        const side: Side = { splitter: newSplitter(), queue: [], up: null, cut: false };
        client.data = side;
        side.up = await Bun.connect({
          unix: path,
          socket: {
            data: (_, bytes) => void (side.cut || client.write(bytes)),
            close: () => void client.end(),
          },
        });
        for (const bytes of side.queue.splice(0)) pass(client, bytes);
      },
      data(client, bytes) {
        const { up, queue } = client.data;
        if (up === null) queue.push(Buffer.from(bytes));
        else pass(client, bytes);
      },
      close: (client) => void client.data.up?.end(),
    },
  });

  function pass(client: Socket<Side>, bytes: Buffer): void {
    const { splitter, up } = client.data;
    for (const piece of splitter(bytes)) {
      if (client.data.cut) return;
      if (piece.isMessage) messages.push(piece.bytes.toString("latin1"));
      const seen = messages.length;
      const now = cut !== null && piece.isMessage && (dead || seen === cut.message);
      if (!now || cut?.delivered) up?.write(piece.bytes);
      if (!now) continue;
      dead = cut?.forGood ?? false;
      client.data.cut = true;
      const hangUp = (): void => {
        client.terminate();
        up?.end();
      };
      if (cut?.delivered) setTimeout(hangUp, SETTLE_MS);
      else hangUp();
    }
  }

  return {
    address: `unix:path=${directory}/bus`,
    arm(next) {
      [cut, messages, dead] = [next, [], false];
    },
    count: () => messages.length,
    messages: () => messages,
    stop() {
      server.stop(true);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Side {
  readonly splitter: (bytes: Buffer) => readonly Piece[];
  /** What came before the bus was connected to. */
  readonly queue: Buffer[];
  up: Socket | null;
  cut: boolean;
}

interface Piece {
  readonly isMessage: boolean;
  readonly bytes: Buffer;
}

/** Cuts a client's stream into its authentication, passed as it comes, and whole messages. */
function newSplitter(): (bytes: Buffer) => readonly Piece[] {
  let rest = Buffer.alloc(0);
  let begun = false;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const pieces: Piece[] = [];
    if (!begun) {
      const begin = rest.indexOf("BEGIN\r\n");
      const end = begin < 0 ? rest.length : begin + 7;
      begun = begin >= 0;
      pieces.push({ isMessage: false, bytes: rest.subarray(0, end) });
      rest = rest.subarray(end);
    }
    for (
      let size = messageSize(rest);
      begun && size !== null && size <= rest.length;
      size = messageSize(rest)
    ) {
      pieces.push({ isMessage: true, bytes: rest.subarray(0, size) });
      rest = rest.subarray(size);
    }
    return pieces;
  };
}

/** Header, its fields padded to eight bytes, body; null while the header is not whole. Little-endian only. */
function messageSize(bytes: Buffer): number | null {
  if (bytes.length < 16) return null;
  return 16 + Math.ceil(bytes.readUInt32LE(12) / 8) * 8 + bytes.readUInt32LE(4);
}
