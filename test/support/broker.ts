/** A broker in this process before a stand-in vendor, for tests of what passes through it. */
import { afterAll, beforeEach, expect } from "bun:test";
import { connect } from "node:net";
import { placeholderOf } from "../../src/broker/admission.ts";
import { createLimits, type LimitSettings } from "../../src/broker/limits.ts";
import type { Log, LogEntry } from "../../src/broker/log.ts";
import type { Injection, Route } from "../../src/broker/route.ts";
import { type Broker, type BrokerParts, startBroker } from "../../src/broker/server.ts";
import { traitsOf } from "../../src/broker/traits.ts";
import { type Secret, secret } from "../../src/core/secret.ts";
import { startVendorUpstream } from "./vendor-upstream.ts";

export const KEY = "sk-EXAMPLE-real-key-0123456789";
export const TOKEN = "gum-cred-placeholder-of-a-test";
export const NO_LIMITS: LimitSettings = { allow: [], maxRequests: null, maxTokens: null, forMs: null };

const STYLES: Readonly<Record<string, (key: Secret) => Injection>> = {
  openai: (value) => ({ value, headers: [{ name: "Authorization", value: secret(`Bearer ${KEY}`) }] }),
  anthropic: (value) => ({
    value,
    headers: [
      { name: "x-api-key", value },
      { name: "anthropic-version", value: secret("2023-06-01") },
    ],
  }),
  google: (value) => ({ value, headers: [{ name: "x-goog-api-key", value }] }),
};

/** Call at the top of a test file: one vendor for all its tests, which forgets between them. */
export function useBroker() {
  const upstream = startVendorUpstream();
  const brokers: Broker[] = [];
  afterAll(async () => {
    for (const broker of brokers) await broker.stop();
    await upstream.stop();
  });
  beforeEach(() => upstream.forget());
  function route(name: string, extra: Partial<Route> = {}): Route {
    const style = STYLES[name] ?? STYLES["openai"];
    return {
      name,
      provider: name,
      level: "personal",
      upstream: upstream.url,
      traits: traitsOf(name, []),
      places: [],
      allow: [],
      renewable: false,
      credential: async () => style?.(secret(KEY)) ?? { value: secret(KEY), headers: [] },
      renew: async () => null,
      ...extra,
    };
  }

  function start(
    routes: readonly Route[],
    extra: Partial<BrokerParts> & { limits?: BrokerParts["limits"] } = {},
  ) {
    const entries: LogEntry[] = [];
    const log: Log = { add: (entry) => entries.push(entry), summary: () => "", close: () => {} };
    const broker = startBroker({
      routes,
      placeholder: placeholderOf(TOKEN),
      secrets: [secret(KEY)],
      limits: createLimits(NO_LIMITS),
      log,
      run: "test",
      listen: { port: 0 },
      uid: process.getuid?.() ?? null,
      ...extra,
    });
    brokers.push(broker);
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${broker.origin}${path}`, {
        redirect: "manual",
        ...init,
        headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
      });
    return { broker, entries, ask };
  }
  return { upstream, route, start };
}

/** Until so many requests are in the log. */
export async function settled(entries: readonly LogEntry[], count = 1): Promise<void> {
  for (let round = 0; entries.length < count && round < 100; round++) await Bun.sleep(5);
  expect(entries.length).toBe(count);
}

/** Sends these bytes; what comes back within a moment. */
export function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      setTimeout(() => socket.destroy(), 20);
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
  });
}
