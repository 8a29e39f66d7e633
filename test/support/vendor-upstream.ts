/**
 * A vendor to test the broker against, on loopback: notes what arrives and answers as a test tells it to. Knows no
 * vendor; answers in the shape that a path asks for.
 */
import { brotliCompressSync, gzipSync } from "node:zlib";

export interface Arrived {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface VendorUpstream {
  readonly url: string;
  readonly port: number;
  /** What has arrived, oldest first. */
  arrived(): readonly Arrived[];
  /** Requests whose client went away before the answer was complete. */
  abandoned(): number;
  forget(): void;
  stop(): Promise<void>;
}

/** An answer of a test's own; undefined leaves the usual one. */
export type Answer = (arrived: Arrived, request: Request) => Response | Promise<Response> | undefined;

export function startVendorUpstream(answer: Answer = () => undefined): VendorUpstream {
  const arrived: Arrived[] = [];
  let abandoned = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    reusePort: false,
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    websocket: {
      message: (client, message) => {
        client.send(message);
        if (message === "usage")
          client.send(JSON.stringify({ response: { usage: { input_tokens: 3, output_tokens: 4 } } }));
      },
    },
    fetch: async (request, self) => {
      const url = new URL(request.url);
      request.signal.addEventListener("abort", () => {
        abandoned += 1;
      });
      const isUpload = url.pathname.endsWith("/count");
      const entry: Arrived = {
        method: request.method,
        path: url.pathname + url.search,
        headers: Object.fromEntries(request.headers),
        body: isUpload ? "" : await request.text(),
      };
      arrived.push(entry);
      const wanted = await answer(entry, request);
      if (wanted) return wanted;
      if (request.headers.get("upgrade") === "websocket" && url.pathname.endsWith("/realtime")) {
        if (self.upgrade(request)) return new Response(null);
      }
      return usual(url, request, entry);
    },
  });
  return {
    url: server.url.origin,
    port: server.port ?? 0,
    arrived: () => arrived,
    abandoned: () => abandoned,
    forget: () => {
      arrived.length = 0;
      abandoned = 0;
    },
    stop: () => server.stop(true),
  };
}

const encoder = new TextEncoder();

async function usual(url: URL, request: Request, entry: Arrived): Promise<Response> {
  const last = url.pathname.split("/").at(-1) ?? "";
  if (last === "events") return events();
  if (last === "gzip") return compressed("gzip", gzipSync(JSON.stringify(chat)));
  if (last === "br") return compressed("br", brotliCompressSync(JSON.stringify(chat)));
  if (last === "redirect")
    return new Response(null, { status: 302, headers: { location: "http://127.0.0.1:9/" } });
  if (last === "count") return Response.json({ bytes: await countOf(request) });
  if (last === "echo-error") {
    const all = JSON.stringify({ error: { message: `bad key ${JSON.stringify(entry.headers)}` } });
    return new Response(all, { status: 400, headers: { "content-type": "application/json" } });
  }
  if (last.startsWith("zeros")) return zeros(Number(last.slice("zeros".length)));
  return Response.json(chat);
}

const chat = {
  id: "chat-1",
  model: "stand-in-1",
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
};

function compressed(encoding: string, bytes: Uint8Array<ArrayBuffer>): Response {
  return new Response(bytes, {
    headers: { "content-type": "application/json", "content-encoding": encoding },
  });
}

async function countOf(request: Request): Promise<number> {
  let bytes = 0;
  for await (const chunk of request.body ?? []) bytes += chunk.byteLength;
  return bytes;
}

/** Five events, each with the time when it was sent, 50 ms apart, then the usage. */
function events(): Response {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (sent === 5) {
        const end = { model: "stand-in-1", usage: { prompt_tokens: 5, completion_tokens: 6 } };
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`));
        return controller.close();
      }
      sent += 1;
      await Bun.sleep(50);
      const now = performance.timeOrigin + performance.now();
      controller.enqueue(encoder.encode(`data: {"at":${now}}\n\n`));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function zeros(mebibytes: number): Response {
  const piece = new Uint8Array(1024 * 1024);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (sent === mebibytes) return controller.close();
        sent += 1;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "application/octet-stream" } });
}
