/**
 * Misbehaviour on demand: which requests it hits and what it does to them. Knows nothing about what the routes do.
 * The same shape is taken in-process and, as JSON, by `POST /_stand-in/faults`.
 */
import { z } from "zod/mini";
import { gumloopError } from "./http.ts";

const milliseconds = z.int().check(z.nonnegative());

/** One fault. What it does may be combined: `{ path, status: 503, retryAfter: "2", delayMs: 100 }`. */
export const faultSchema = z.strictObject({
  /** The exact path it is for, or `*` for every path but `/_stand-in/…`. */
  path: z.string(),
  /** How many requests it hits; without it, every one until cleared. */
  times: z.optional(z.int().check(z.positive())),
  /** Handle the request first (rotate, revoke, …) and spoil only the answer. Otherwise nothing has happened. */
  afterHandling: z.optional(z.boolean()),
  /** Wait before answering. */
  delayMs: z.optional(milliseconds),

  /** Never answer. */
  hang: z.optional(z.boolean()),
  /** Reset the connection without a byte. */
  drop: z.optional(z.boolean()),
  /** Answer with this status instead; 200 with `body` or `floodBytes`, 302 with `redirect`, unless given. */
  status: z.optional(z.int().check(z.gte(200), z.lte(599))),
  /** Answer with this text instead, `text/html` unless `contentType` says otherwise (a captive portal). */
  body: z.optional(z.string()),
  /** Answer with a redirect to this URL. */
  redirect: z.optional(z.string()),
  /** Answer with so many bytes, as fast as they are read, length not announced. */
  floodBytes: z.optional(z.int().check(z.positive())),

  /** Send the answer's body one byte at a time with this pause before each. */
  dripMs: z.optional(milliseconds),
  /** Give the answer, the true one too, this content type. */
  contentType: z.optional(z.string()),
  /** Give the answer this `Retry-After`. */
  retryAfter: z.optional(z.string()),
  /** Set the answer's `Date` off by so many milliseconds; negative is the past. */
  dateSkewMs: z.optional(z.int()),
});

export type Fault = z.infer<typeof faultSchema>;

export interface Faults {
  /** Adds a fault. Of several for one path the oldest goes first, until it is used up. Throws on a bad one. */
  inject(fault: Fault): void;
  /** The fault for this request, counted as used; null when there is none. */
  take(path: string): Fault | null;
  clear(): void;
}

export function createFaults(): Faults {
  const queue: { readonly fault: Fault; left: number }[] = [];
  return {
    inject(fault) {
      queue.push({ fault: faultSchema.parse(fault), left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    take(path) {
      const entry = queue.find(({ fault, left }) => left > 0 && (fault.path === path || fault.path === "*"));
      if (entry === undefined) return null;
      entry.left -= 1;
      return entry.fault;
    },
    clear: () => {
      queue.length = 0;
    },
  };
}

/** Answers as the fault says; null means that the connection is to be dropped. */
export async function spoil(fault: Fault, handle: () => Response): Promise<Response | null> {
  const handled = fault.afterHandling ? handle() : null;
  if (fault.delayMs !== undefined) await pause(fault.delayMs);
  if (fault.hang) return new Promise(() => {});
  if (fault.drop) return null;
  return altered(fault, replacement(fault) ?? handled ?? handle());
}

/** An answer whose connection Bun resets before the first byte: its stream fails at once, with no error to report. */
export function droppedConnection(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error() }));
}

function replacement({ status, body, redirect, floodBytes }: Fault): Response | null {
  const html = { "content-type": "text/html" };
  if (redirect !== undefined) {
    return new Response(null, { status: status ?? 302, headers: { location: redirect } });
  }
  if (floodBytes !== undefined) {
    return new Response(flood(floodBytes), { status: status ?? 200, headers: html });
  }
  if (body !== undefined) return new Response(body, { status: status ?? 200, headers: html });
  if (status !== undefined) return gumloopError(status, "stand_in_fault", "api_error", "Injected by a test");
  return null;
}

function altered({ dripMs, contentType, retryAfter, dateSkewMs }: Fault, response: Response): Response {
  const { headers } = response;
  if (contentType !== undefined) headers.set("content-type", contentType);
  if (retryAfter !== undefined) headers.set("retry-after", retryAfter);
  if (dateSkewMs !== undefined) headers.set("date", new Date(Date.now() + dateSkewMs).toUTCString());
  if (dripMs === undefined) return response;
  return new Response(drip(response, dripMs), { status: response.status, headers });
}

function flood(total: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  let left = total;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, chunk.length);
      controller.enqueue(chunk.subarray(0, size));
      left -= size;
      if (left === 0) controller.close();
    },
  });
}

function drip(response: Response, pauseMs: number): ReadableStream<Uint8Array> {
  const bytes = response.bytes();
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      const all = await bytes;
      await pause(pauseMs);
      if (next < all.length) controller.enqueue(all.subarray(next, next + 1));
      next += 1;
      if (next >= all.length) controller.close();
    },
  });
}

/** Does not keep the process alive, so that a stopped server is gone at once. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
