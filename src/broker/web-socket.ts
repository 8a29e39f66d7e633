/**
 * A WebSocket that is relayed: upstream is opened first, and only when it answers is the client's upgrade accepted.
 * Frames pass in both directions; a slow reader stops the other side's writer where Bun tells. Tokens are counted as
 * they are reported, and what limits the run ends the connection too.
 */
import { openWebSocket } from "../net/relay.ts";
import type { Limits } from "./limits.ts";
import { messageTally } from "./usage/reader.ts";
import { tokensOf, type Usage } from "./usage/tally.ts";

export interface SocketEnd {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly usage: Usage;
  /** The limit for which the broker closed it; null where one of the others did. */
  readonly limit: string | null;
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

/** RFC 6455 §7.4.1: the client has done what the server does not allow. */
const POLICY_VIOLATION = 1008;
/** RFC 6455 §5.5: a control frame has 125 bytes, two of them for the code. */
const LONGEST_REASON = 123;
/** setTimeout takes a longer time for none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Relayed {
  readonly url: string;
  readonly headers: Headers;
  readonly protocols: readonly string[];
  readonly limits: Limits;
  /** Called once. */
  done(end: SocketEnd): void;
}

/** Null when upstream does not speak WebSocket here: its refusal's status cannot be had. */
export async function connectUpstream({
  url,
  headers,
  protocols,
  limits,
  done,
}: Relayed): Promise<SocketData | null> {
  const upstream = openWebSocket(url, headers, protocols);
  Object.assign(upstream, { binaryType: "nodebuffer" });
  const waiting: Message[] = [];
  const tally = messageTally();
  const bytes = { up: 0, down: 0 };
  let client: Bun.ServerWebSocket<SocketData> | null = null;
  let closed: readonly [number, string] | null = null;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deliver = (message: Message): void => {
    if (!client) return;
    client.send(message);
    if (client.getBufferedAmount() > MOST_WAITING_BYTES) client.close(POLICY_VIOLATION, "too slow");
  };
  const finish = (limit: string | null = null): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done({ bytesUp: bytes.up, bytesDown: bytes.down, usage: tally.total(), limit });
  };
  /** Ends both sides once a limit is reached; false while none is. */
  const isStopped = (): boolean => {
    if (over) return true;
    const refusal = limits.exceeded();
    if (!refusal) return false;
    closed = [POLICY_VIOLATION, `gum-cred: ${refusal.message}`.slice(0, LONGEST_REASON)];
    finish(refusal.reason);
    client?.close(...closed);
    upstream.close(1000);
    return true;
  };
  const watchTime = (): void => {
    const left = limits.remainingMs();
    if (left === null || isStopped()) return;
    timer = setTimeout(watchTime, Math.min(Math.ceil(left), LONGEST_TIMER_MS));
  };
  upstream.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if (over) return;
    bytes.down += Buffer.byteLength(data);
    limits.spend(tokensOf(tally.add(textOf(data))));
    if (client) deliver(data);
    else waiting.push(data);
    isStopped();
  });
  if (!(await isOpen(upstream))) {
    upstream.close();
    return null;
  }
  watchTime();
  upstream.addEventListener("close", ({ code, reason }) => {
    if (over) return;
    closed = [closeCode(code), reason];
    client?.close(...closed);
    finish();
  });
  return {
    upstream,
    attach: (ours) => {
      client = ours;
      for (const message of waiting.splice(0)) deliver(message);
      if (closed) client.close(...closed);
    },
    fromClient: (message) => {
      if (isStopped()) return;
      bytes.up += Buffer.byteLength(message);
      upstream.send(message);
    },
    clientClosed: (code, reason) => {
      if (!over) upstream.close(closeCode(code), reason);
      finish();
    },
  };
}

function isOpen(upstream: WebSocket): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), OPEN_MS);
    const settle = (result: boolean) => () => {
      clearTimeout(timer);
      resolve(result);
    };
    upstream.addEventListener("open", settle(true));
    upstream.addEventListener("error", settle(false));
    upstream.addEventListener("close", settle(false));
  });
}

/** Google's Live API sends its JSON in binary frames. */
function textOf(message: Message): string {
  if (typeof message === "string") return message;
  return message[0] === OPENING_BRACE ? message.toString() : "";
}

const OPENING_BRACE = 0x7b;

/** RFC 6455 §7.4.1: some codes only report and may not be sent. */
function closeCode(code: number): number {
  const sendable = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || code >= 3000;
  return sendable ? code : 1000;
}
