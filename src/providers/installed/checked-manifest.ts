/**
 * Judges the bytes of a manifest: a good one quickly, any other by the schema, which can say what is wrong. No I/O.
 */
import { fail } from "../../core/errors.ts";
import type { Claims } from "./claims.ts";
import { goodManifest } from "./good-manifest.ts";
import type { Manifest } from "./manifest.ts";
import { ruleProblems } from "./manifest-rules.ts";

/**
 * The manifest in these bytes, which must call itself `id` unless that is null. Throws E_PLUGIN_REFUSED or
 * E_PLUGIN_INVALID naming every problem.
 */
export async function checkedManifest(
  id: string | null,
  bytes: Uint8Array,
  claims: Claims,
): Promise<Manifest> {
  const good = goodManifest(bytes);
  const fit = good !== null && ruleProblems(good, claims).length === 0;
  const manifest = fit ? good : await judgedManifest(bytes, claims);
  if (id !== null && manifest.id !== id) {
    throw fail("E_PLUGIN_INVALID", `the manifest in '${id}.json' calls itself '${manifest.id}'`);
  }
  return manifest;
}

/** The same from the schema, which can say what is wrong. */
async function judgedManifest(bytes: Uint8Array, claims: Claims): Promise<Manifest> {
  const { inOneLine, readManifest } = await import("./manifest.ts");
  const { manifest, problems } = readManifest(bytes, claims);
  if (!manifest) {
    const code = problems.some(({ refused }) => refused) ? "E_PLUGIN_REFUSED" : "E_PLUGIN_INVALID";
    const hint = "correct it; 'gum-cred plugins check FILE' shows one problem a line";
    throw fail(code, `the manifest is not fit: ${inOneLine(problems)}`, hint);
  }
  return manifest;
}
