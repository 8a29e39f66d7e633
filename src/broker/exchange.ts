/**
 * One request on its way: sent upstream with the real credential, its answer passed back byte for byte as it comes.
 * Ends upstream when the client goes. Counts bytes, times and tokens.
 */
import { reveal } from "../core/secret.ts";
import { relay } from "../net/relay.ts";
import type { Redactor } from "../output/redactor.ts";
import { inject } from "./admission.ts";
import { scrubbed } from "./answer-headers.ts";
import type { Injection, Route } from "./route.ts";
import type { Place } from "./traits.ts";
import { usageReader } from "./usage/reader.ts";
import { NOTHING, type Usage } from "./usage/tally.ts";

/** A question in a few packets is read whole: sending it on as a stream costs half of all requests a second. */
const SMALL_BYTES = 64 * 1024;
/** A body of at most this size is kept, so that it can be sent again after a 401. */
const REPLAYABLE_BYTES = 4 * 1024 * 1024;

export interface Exchange {
  readonly route: Route;
  readonly place: Place;
  readonly request: Request;
  readonly url: string;
  /** What goes upstream, without the credential. */
  readonly headers: Headers;
  /** Hides the real key in an answer that quotes it. */
  redactor(injection: Injection): Redactor;
  /** Does so in the text of a header. */
  scrub(text: string): string;
  /** Called once, when all is over. */
  done(result: Result): void;
}

export interface Result {
  readonly status: number;
  readonly firstByteMs: number | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly usage: Usage;
}

/** Rejects when upstream cannot be reached, or the credential cannot be had. */
export async function exchange(each: Exchange): Promise<Response> {
  const started = performance.now();
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (each.request.signal.aborted) abort();
  each.request.signal.addEventListener("abort", abort, { once: true });
  const counted = { up: 0 };
  const body = await bodyOf(each, counted);
  let injection = await each.route.credential();
  const send = (): Promise<Response> => {
    const headers = new Headers(each.headers);
    inject(headers, injection, each.place, reveal);
    const { method } = each.request;
    return relay({ url: each.url, method, headers, body: body.next(), signal: controller.signal });
  };
  let response = await send();
  if (response.status === 401 && each.route.renewable && body.canRepeat) {
    const renewed = await each.route.renew(injection.value).catch(() => null);
    if (renewed) {
      await response.body?.cancel();
      injection = renewed;
      response = await send();
    }
  }
  return passedBack(each, response, injection, { started, counted, abort });
}

interface Body {
  readonly canRepeat: boolean;
  next(): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
}

/** Small bodies are kept where the route may have to repeat them; all others stream through once. */
async function bodyOf({ request, route }: Exchange, counted: { up: number }): Promise<Body> {
  if (request.body === null) return { canRepeat: true, next: () => null };
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length <= (route.renewable ? REPLAYABLE_BYTES : SMALL_BYTES)) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    counted.up = bytes.byteLength;
    return { canRepeat: true, next: () => bytes };
  }
  const stream = Number.isNaN(length) ? counting(request.body, counted) : request.body;
  if (!Number.isNaN(length)) counted.up = length;
  return { canRepeat: false, next: () => stream };
}

function counting(body: ReadableStream<Uint8Array>, counted: { up: number }): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        counted.up += value.byteLength;
        collect(value.byteLength);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Buffers that have passed lie around until the collector thinks of them, and it thinks in larger numbers. */
const COLLECTED_BYTES = 16 * 1024 * 1024;
let passed = 0;

function collect(bytes: number): void {
  passed += bytes;
  if (passed < COLLECTED_BYTES) return;
  passed = 0;
  Bun.gc(true);
}

interface Course {
  readonly started: number;
  readonly counted: { readonly up: number };
  abort(): void;
}

/** RFC 9110 §15.3.5 and §15.4.5: these have no body, whatever their headers say. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
/** A shorter key may be a word, like `ollama`, and a good answer's Location or Server is no place to look for words. */
const UNMISTAKABLE = 16;
const NOT_PASSED_BACK = ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-authenticate"];

function passedBack(each: Exchange, response: Response, injection: Injection, course: Course): Response {
  const { status } = response;
  const isError = status >= 400;
  const scrub =
    isError || reveal(injection.value).length >= UNMISTAKABLE ? each.scrub : (text: string) => text;
  const headers = scrubbed(response.headers, scrub);
  for (const name of NOT_PASSED_BACK) headers.delete(name);
  const finish = (bytesDown: number, firstByteMs: number | null, usage: Usage): void =>
    each.done({ status, firstByteMs, bytesUp: course.counted.up, bytesDown, usage });
  const statusText = scrub(response.statusText);
  const headMs = performance.now() - course.started;
  const empty = WITHOUT_BODY.has(status) || each.request.method === "HEAD" || response.body === null;
  if (empty || response.body === null) {
    finish(0, headMs, NOTHING);
    return new Response(null, { status, statusText, headers });
  }
  const quotes = isError && isPlain(headers);
  const redactor = quotes ? each.redactor(injection) : null;
  if (redactor) headers.delete("content-length");
  const body = watched(response.body, redactor, headers, course, finish);
  return new Response(body, { status, statusText, headers });
}

/** RFC 9110 §8.4.1: `identity` is no encoding, and some send it all the same. */
function isPlain(headers: Headers): boolean {
  const encodings = (headers.get("content-encoding") ?? "").split(",");
  return encodings.every((name) => /^\s*(?:identity)?\s*$/i.test(name));
}

/** A reader that pulls gives backpressure: nothing is read upstream that the client has not taken. */
function watched(
  source: ReadableStream<Uint8Array>,
  redactor: Redactor | null,
  headers: Headers,
  course: Course,
  finish: (bytesDown: number, firstByteMs: number | null, usage: Usage) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const usage = usageReader(headers);
  let bytes = 0;
  let firstMs: number | null = null;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    usage.end().then((found) => finish(bytes, firstMs, found));
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        end();
        throw error;
      });
      if (done) {
        const rest = redactor?.end();
        if (rest && rest.length > 0) controller.enqueue(rest.slice());
        end();
        return controller.close();
      }
      firstMs ??= performance.now() - course.started;
      bytes += value.byteLength;
      collect(value.byteLength);
      usage.write(value);
      const out = redactor ? redactor.write(value).slice() : value;
      if (out.length > 0) return controller.enqueue(out);
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      pull,
      cancel: async () => {
        course.abort();
        await reader.cancel().catch(() => {});
        end();
      },
    },
    { highWaterMark: 0 },
  );
}
