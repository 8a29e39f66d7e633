/** The manifest to begin with: installable as it is, with hosts that are reserved for examples (RFC 2606 §3). */
import { fail } from "../../core/errors.ts";
import { providerId } from "../../core/provider-id.ts";
import { claimsOf } from "../../providers/installed/claims.ts";
import type { Problem } from "../../providers/installed/manifest-rules.ts";
import type { Manifest } from "../../providers/installed/manifest-shape.ts";
import { variableProblem } from "../../providers/installed/variable-names.ts";
import { PROVIDERS } from "../../providers/registry.ts";

/** A starter for a provider of that id, as JSON. Throws E_UNKNOWN_PROVIDER, E_PLUGIN_REFUSED. */
export function starterManifest(name: string): string {
  const id = providerId(name, "choose an id of a-z, 0-9 and '-', such as my-vendor");
  const claims = claimsOf(PROVIDERS);
  const owner = claims.idOwner(id);
  if (owner !== null) {
    throw fail("E_PLUGIN_REFUSED", `'${id}' is, or looks like, the provider '${owner}'`, "choose another id");
  }
  const stem = id.replaceAll("-", "_").toUpperCase();
  const free = (variable: string) =>
    variableProblem(variable) === null && claims.variableOwner(variable) === null;
  const variable = [`${stem}_API_KEY`, `KEY_FOR_${stem}`].find(free) ?? "MY_API_KEY";
  const manifest = {
    manifest: 1,
    id,
    title: id,
    env: [variable],
    hosts: [`api.${id}.example`],
    setup_url: `https://console.${id}.example/api-keys`,
    verify: {
      url: `https://api.${id}.example/v1/models`,
      headers: { authorization: "Bearer {key}" },
      valid: [200],
      rejected: [401],
    },
  };
  const text = JSON.stringify(manifest, null, 2);
  // Lists of one are easier to edit on one line.
  return `${text.replace(/\[\s+("[^"]*"|\d+)\s+\]/g, "[$1]")}\n`;
}

/**
 * The values of a manifest that are still the starter's: their hosts are reserved for examples, so no key could ever
 * be verified. Host names alone do not count where the title was edited: an organisation may use such names inside.
 */
export function untouchedValues(manifest: Manifest): readonly Problem[] {
  const { id, title, hosts, setup_url: setupUrl } = manifest;
  const untouched = [
    title === id && hosts.includes(`api.${id}.example`) ? "$.hosts" : null,
    setupUrl === `https://console.${id}.example/api-keys` ? "$.setup_url" : null,
  ];
  const message = "is still the example of 'plugins new'; replace it by the provider's own";
  return untouched.filter((path) => path !== null).map((path) => ({ path, message, refused: false }));
}
