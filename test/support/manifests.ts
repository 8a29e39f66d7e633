/** Manifests for tests: a good one, and what to change in it. */
export const GOOD = {
  manifest: 1,
  id: "mistral",
  title: "Mistral AI",
  env: ["MISTRAL_API_KEY"],
  hosts: ["api.mistral.ai"],
  setup_url: "https://console.mistral.ai/api-keys",
  verify: {
    url: "https://api.mistral.ai/v1/models",
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
