/**
 * The six LLM vendors to test against: one server on loopback, each vendor under a path of its own. Point a vendor's
 * base-URL variable at it, or `--base-url` for those that have none. Knows nothing of gum-cred.
 */
import { createFaults, droppedConnection, type Faults, spoil } from "./stand-in/faults.ts";
import { type Incoming, json, readIncoming } from "./stand-in/http.ts";
import { createLog, type LogEntry } from "./stand-in/log.ts";
import { anthropicError, type KeyState, VENDOR_IDS, VENDORS, type VendorId } from "./vendor-answers.ts";

export interface Vendors {
  /** Origin: scheme, host and port, no slash. */
  readonly url: string;
  /** What a vendor's base-URL variable is set to. */
  baseUrl(vendor: VendorId): string;
  /** The base-URL variables of the vendors that have one. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a key that the vendor knows. It holds EXAMPLE. */
  addKey(vendor: VendorId, state?: KeyState): string;
  /** Faults by path, such as `/openai/v1/models`; see stand-in/faults.ts. */
  readonly faults: Faults;
  /** Every request so far, oldest first. */
  log(): readonly LogEntry[];
  /** Forgets keys, faults and requests. */
  reset(): void;
  /** Ends every connection at once, answered or not. */
  stop(): Promise<void>;
}

export function startVendors(): Vendors {
  const keys = new Map<string, { readonly vendor: VendorId; readonly state: KeyState }>();
  const faults = createFaults();
  const log = createLog(Date.now);

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    // A request that hangs on purpose hangs until the client gives up, not until Bun does.
    idleTimeout: 0,
    async fetch(request) {
      const incoming = await readIncoming(request);
      const entry = log.add(incoming);
      const fault = faults.take(incoming.path);
      const response = fault ? await spoil(fault, () => answer(incoming)) : answer(incoming);
      entry.status = response?.status ?? null;
      return response ?? droppedConnection();
    },
  });

  function answer({ method, path, headers }: Incoming): Response {
    const id = VENDOR_IDS.find((known) => path === VENDORS[known].base + VENDORS[known].path);
    if (id === undefined) return json(404, { error: { message: "Not Found" } });
    if (method !== "GET") return json(405, { error: { message: "Method Not Allowed" } });
    const vendor = VENDORS[id];
    if (id === "anthropic" && headers.get("anthropic-version") === null) {
      return json(400, anthropicError("invalid_request_error", "anthropic-version: header is required"));
    }
    const sent = headers.get(vendor.header) ?? "";
    const key = vendor.header === "authorization" ? sent.replace(/^Bearer /, "") : sent;
    const known = keys.get(key);
    const [status, body] = (known?.vendor === id && vendor.answers[known.state]) || vendor.unknown;
    return json(status, body(key));
  }

  const origin = server.url.origin;
  const baseUrl = (vendor: VendorId) => origin + VENDORS[vendor].base;
  return {
    url: origin,
    baseUrl,
    env: Object.fromEntries(
      VENDOR_IDS.flatMap((id) => {
        const { variable } = VENDORS[id];
        return variable === null ? [] : [[variable, baseUrl(id)]];
      }),
    ),
    addKey(vendor, state = "valid") {
      if (VENDORS[vendor].answers[state] === undefined) throw new Error(`${vendor} has no ${state} keys`);
      const key = `${VENDORS[vendor].keyPrefix}EXAMPLE${crypto.randomUUID().replaceAll("-", "")}`;
      keys.set(key, { vendor, state });
      return key;
    },
    faults,
    log: log.entries,
    reset() {
      keys.clear();
      faults.clear();
      log.clear();
    },
    stop: () => server.stop(true),
  };
}
