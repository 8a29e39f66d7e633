/** Manifests for tests: a good one, and what to change in it. */
export const GOOD = {
  manifest: 1,
  id: "kestrel",
  title: "Kestrel AI",
  env: ["KESTREL_API_KEY"],
  hosts: ["api.kestrel.ai"],
  setup_url: "https://console.kestrel.ai/api-keys",
  verify: {
    url: "https://api.kestrel.ai/v1/models",
    headers: { authorization: "Bearer {key}" },
    valid: [200],
    rejected: [401],
  },
};

/** The good manifest with some parts changed; a part that is undefined is left out. */
export function manifestWith(changes: Readonly<Record<string, unknown>>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ ...GOOD, ...changes }));
}

/** The good manifest with its `verify` changed. */
export function verifyWith(changes: Readonly<Record<string, unknown>>): Uint8Array {
  return manifestWith({ verify: { ...GOOD.verify, ...changes } });
}

/** A manifest that is verified by a program. */
export function commandManifest(
  command: readonly string[],
  changes: Readonly<Record<string, unknown>> = {},
): Uint8Array {
  return manifestWith({ verify: undefined, command, ...changes });
}
