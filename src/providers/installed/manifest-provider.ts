/**
 * Makes a provider of a checked manifest, as good as a built-in one: same contract, same hooks. Data in, a
 * provider out; the program of a manifest with a `command` is run by the `check` that is passed in. No I/O.
 */
import { fail } from "../../core/errors.ts";
import { reveal, type Secret, secret } from "../../core/secret.ts";
import type { Answer, Assessment, Header, Provider, Verdict } from "../contract.ts";
import type { Manifest, ManifestRequest } from "./manifest-shape.ts";

/** Asks a manifest's program about a key. */
export type Check = (key: Secret) => Promise<Assessment>;

/** The provider that a manifest describes. `check` runs its program; it is used where the manifest has one. */
export function providerFromManifest(manifest: Manifest, check: Check): Provider {
  const { id, title, verify } = manifest;
  const [exported = ""] = manifest.env;
  const headers = ({ value }: { readonly value: Secret }): readonly Header[] =>
    verify ? filledIn(verify, value) : [{ name: "Authorization", value: secret(`Bearer ${reveal(value)}`) }];
  return {
    id,
    title,
    kind: "llm",
    methods: [{ method: "api_key", variables: manifest.env, field: "api_key", companions: [] }],
    exported,
    hosts: manifest.hosts,
    baseUrlVariable: null,
    apiBase: () => manifest.base_url ?? (verify ? new URL(verify.url).origin : null),
    setupUrl: manifest.setup_url,
    headers,
    verification: (credential) => {
      if (!verify) throw fail("E_INTERNAL", `the provider '${id}' is verified by a program, not a request`);
      // Always its own URL: another base URL could be on a host that the manifest does not name.
      return { url: verify.url, headers: headers(credential) };
    },
    judge: (answer) => judge(manifest, verify, answer),
    ...(manifest.command ? { check } : {}),
  };
}

function filledIn(verify: ManifestRequest, key: Secret): readonly Header[] {
  return Object.entries(verify.headers).map(([name, template]) => ({
    name,
    // A function, because `$&` in a key would otherwise mean something to replaceAll.
    value: secret(template.replaceAll("{key}", () => reveal(key))),
  }));
}

const WORDS = {
  valid: "accepts this key",
  restricted: "accepts this key for part of its API",
  no_quota: "knows this key, but its account has nothing left",
  rejected: "does not accept this key",
} as const;

const VERDICTS = ["valid", "restricted", "no_quota", "rejected"] as const;

function judge(
  manifest: Manifest,
  verify: ManifestRequest | undefined,
  { status, contentType }: Answer,
): Assessment {
  const { title, setup_url: setupUrl } = manifest;
  if (/\bhtml\b/i.test(contentType)) {
    const message = `received a web page instead of an answer from ${title} (${status})`;
    return { verdict: "unreachable", message, hint: "sign in to the network you are on" };
  }
  const verdict = VERDICTS.find((name) => verify?.[name]?.includes(status));
  if (verdict) {
    const hint =
      verdict === "rejected" ? `check that it was copied whole, or create one at ${setupUrl}` : null;
    return { verdict, message: `${title} ${WORDS[verdict]} (${status})`, hint };
  }
  if (status >= 300 && status < 400) {
    // As with the built-in vendors (llm.ts): it says nothing about the key, and nothing is stored.
    const message = `${title} redirects elsewhere, and redirects are never followed (${status})`;
    return { verdict: "unreachable", message, hint: "check the manifest's URL" };
  }
  const failed: Verdict = status === 408 || status === 429 || status >= 500 ? "unreachable" : "unverifiable";
  return {
    verdict: failed,
    message: `${title} answered with status ${status}, which is not listed in its manifest`,
    hint: failed === "unreachable" ? "try again later" : null,
  };
}
