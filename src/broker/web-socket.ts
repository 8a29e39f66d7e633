/**
 * A WebSocket that is relayed: upstream is opened first, and only when it answers is the client's upgrade accepted.
 * Frames pass in both directions; a slow reader stops the other side's writer where Bun tells.
 */
import { openWebSocket } from "../net/relay.ts";
import { messageTally } from "./usage/reader.ts";
import type { Usage } from "./usage/tally.ts";

export interface SocketEnd {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly usage: Usage;
}

/** What belongs to a client's connection: its upstream, and what came before the client was ready. */
export interface SocketData {
  readonly upstream: WebSocket;
  attach(client: Bun.ServerWebSocket<SocketData>): void;
  fromClient(message: string | Buffer<ArrayBuffer>): void;
  clientClosed(code: number, reason: string): void;
}

type Message = string | Buffer<ArrayBuffer>;

/** A client that does not read is cut off rather than kept in memory. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** An upstream that neither accepts nor refuses is as good as none. */
const OPEN_MS = 15_000;

/** Null when upstream does not speak WebSocket here: its refusal's status cannot be had. */
export async function connectUpstream(
  url: string,
  headers: Headers,
  protocols: readonly string[],
  done: (end: SocketEnd) => void,
): Promise<SocketData | null> {
  const upstream = openWebSocket(url, headers, protocols);
  Object.assign(upstream, { binaryType: "nodebuffer" });
  const waiting: Message[] = [];
  const tally = messageTally();
  const bytes = { up: 0, down: 0 };
  let client: Bun.ServerWebSocket<SocketData> | null = null;
  let closed: readonly [number, string] | null = null;
  let over = false;
  const deliver = (message: Message): void => {
    if (!client) return;
    client.send(message);
    if (client.getBufferedAmount() > MOST_WAITING_BYTES) client.close(1008, "too slow");
  };
  const finish = (): void => {
    if (over) return;
    over = true;
    done({ bytesUp: bytes.up, bytesDown: bytes.down, usage: tally.total() });
  };
  upstream.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    bytes.down += Buffer.byteLength(data);
    if (typeof data === "string") tally.add(data);
    if (client) deliver(data);
    else waiting.push(data);
  });
  const opened = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), OPEN_MS);
    const settle = (result: boolean) => () => {
      clearTimeout(timer);
      resolve(result);
    };
    upstream.addEventListener("open", settle(true));
    upstream.addEventListener("error", settle(false));
    upstream.addEventListener("close", settle(false));
  });
  if (!opened) {
    upstream.close();
    return null;
  }
  upstream.addEventListener("close", ({ code, reason }) => {
    closed = [code, reason];
    client?.close(closeCode(code), reason);
    finish();
  });
  return {
    upstream,
    attach: (ours) => {
      client = ours;
      for (const message of waiting.splice(0)) deliver(message);
      if (closed) client.close(closeCode(closed[0]), closed[1]);
    },
    fromClient: (message) => {
      bytes.up += Buffer.byteLength(message);
      upstream.send(message);
    },
    clientClosed: (code, reason) => {
      upstream.close(closeCode(code), reason);
      finish();
    },
  };
}

/** RFC 6455 §7.4.1: some codes only report and may not be sent. */
function closeCode(code: number): number {
  const sendable = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || code >= 3000;
  return sendable ? code : 1000;
}
