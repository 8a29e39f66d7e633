/**
 * Validates a provider's manifest: bytes in, a manifest or every problem at once out. Its shape (manifest-shape.ts)
 * and the rules that no schema can say (manifest-rules.ts) make one list. No I/O.
 */
import { fail } from "../../core/errors.ts";
import { jsonPath } from "../../core/json.ts";
import { whyNotJson } from "../../core/json-error.ts";
import { schemaProblems } from "../../core/json-schema.ts";
import { quotedPath } from "../../core/shown-path.ts";
import type { Claims } from "./claims.ts";
import { type Problem, ruleProblems } from "./manifest-rules.ts";
import { MANIFEST_SCHEMA, type Manifest, manifestJson } from "./manifest-shape.ts";

/** A valid manifest, or why it is not: `problems` is empty exactly when `manifest` is not null. */
export interface Validation {
  readonly manifest: Manifest | null;
  readonly problems: readonly Problem[];
}

/** Validates a manifest, also against what other providers have claimed. */
export function validateManifest(bytes: Uint8Array, claims: Claims): Validation {
  const json = manifestJson(bytes);
  if (json === undefined) return { manifest: null, problems: [malformed("$", whyNotJson(bytes))] };
  const problems = [
    ...schemaProblems(json, MANIFEST_SCHEMA).map(({ path, message }) => malformed(jsonPath(path), message)),
    ...ruleProblems(json, claims),
  ];
  return { manifest: problems.length === 0 ? (json as Manifest) : null, problems };
}

/**
 * The valid manifest in these bytes of the file `path`, which must have this `id` unless that is null. Throws E_PLUGIN_REFUSED or
 * E_PLUGIN_INVALID naming every problem.
 */
export function validManifest(id: string | null, bytes: Uint8Array, claims: Claims, path: string): Manifest {
  const { manifest, problems } = validateManifest(bytes, claims);
  if (!manifest) {
    const code = problems.some(({ refused }) => refused) ? "E_PLUGIN_REFUSED" : "E_PLUGIN_INVALID";
    const hint = `correct it; for one problem per line, run: gum-cred plugins check ${quotedPath(path)}`;
    const list = problems.map((one) => `${one.path}: ${one.message}`).join("; ");
    throw fail(code, `the manifest is not valid: ${list}`, hint);
  }
  if (id !== null && manifest.id !== id) {
    throw fail(
      "E_PLUGIN_INVALID",
      `the manifest in '${id}.json' has the id '${manifest.id}'`,
      "name the file after the id in it",
    );
  }
  return manifest;
}

/** The id of a manifest, valid or not; null when it has none. */
export function idIn(bytes: Uint8Array): string | null {
  const json = manifestJson(bytes);
  const id: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "id") : null;
  return typeof id === "string" ? id : null;
}

function malformed(path: string, message: string): Problem {
  return { path, message, refused: false };
}
