/** What `env` and `exec` export to other programs: the variables of every provider asked for. */
import { gumloop } from "../../plugins/gumloop/index.ts";
import { choiceParts, earlierChoices } from "../core/choices.ts";
import type { Credential, Level } from "../core/credential.ts";
import { MARKER } from "../core/environment.ts";
import { clean, hasCode } from "../core/errors.ts";
import { combine, EXPIRES, type Exports, type ProviderExports } from "../core/exports.ts";
import { providerId } from "../core/provider-id.ts";
import { reveal, secret } from "../core/secret.ts";
import { GUMLOOP_VARIABLES, gumloopExports, staleExpiry, strayStreamUrl } from "../gumloop/exports.ts";
import { foreseeProfile } from "../gumloop/profile.ts";
import { requireGumloop } from "../gumloop/resolve.ts";
import { NO_POLICY, notExportable, requireExportable } from "../resolve/policy.ts";
import type { Ports, Scope, Storage, Surroundings } from "../resolve/ports.ts";
import type { VendorShares } from "./vendor-exports.ts";
import { vendorKeysPossible } from "./vendor-keys-possible.ts";

export interface ExportRequest {
  /** Provider names as typed; none means all of them. */
  readonly names: readonly string[];
  readonly level: Level | null;
  readonly sdk: boolean;
  /** Without names, nothing found is no error: there is something else to hand on. */
  readonly optional?: boolean;
  /** Repeats what `env` was run with before in this shell; `names` and `level` are none. */
  readonly renew?: boolean;
  /** A shell keeps what is exported, and the next run in it looks where this one did. */
  readonly lasting?: boolean;
  /** The values are looked for in a text and go nowhere: keys that only the broker may use are found too. */
  readonly masking?: boolean;
}

const NO_VENDORS: VendorShares = { shares: [], variables: [], withheld: [] };

/** Resolves and gathers the variables. Throws the first provider's error: nothing partial is exported. */
export async function gatherExports(asked: ExportRequest, scope: Scope, ports: Ports): Promise<Exports> {
  const request = asked.renew ? { ...asked, sdk: earlierChoices(ports.raw).sdk } : asked;
  const vendors = await gatherVendors(request, scope, ports);
  const isLeft = !wantsGumloop(request.names) || (request.renew && leavesGumloop(ports));
  const own = isLeft ? null : await gumloopShare(request, vendors, scope, ports);
  await sayWithheld(vendors.withheld, ports);
  const owned = new Set([...(isLeft ? [] : GUMLOOP_VARIABLES), ...vendors.variables]);
  const renewed = own ? [own, ...vendors.shares] : vendors.shares;
  const shares = [...renewed, ...earlierExpiry(renewed, owned, request, ports)];
  const choices = choicesOf(asked, scope, ports);
  const exports = combine(shares, ports.environment, ports.digest, (name) => owned.has(name), choices);
  return request.lasting ? withSources(exports, ports) : exports;
}

/** Without the removal of a variable that a policy's source is read from: it would be missing the next time. */
async function withSources({ set, unset }: Exports, ports: Surroundings): Promise<Exports> {
  const policy = await ports.policy().catch(() => NO_POLICY);
  if (policy === NO_POLICY) return { set, unset };
  const { sourceVariables } = await import("../resolve/source-variables.ts");
  const read = sourceVariables(policy);
  return { set, unset: unset.filter((name) => !read.includes(name)) };
}

/** Whether this shell has no credential of Gumloop's from gum-cred, or one of the user's own: neither is renewed. */
function leavesGumloop({ raw, environment }: Surroundings): boolean {
  if (!raw[MARKER]) return false;
  const isOwn = (environment.get("GUMLOOP_ACCESS_TOKEN") ?? environment.get("GUMLOOP_API_KEY")) !== null;
  return isOwn || !GUMLOOP_VARIABLES.some((name) => environment.exported.has(name));
}

/**
 * What becomes of the expiry that an earlier run exported: it goes where no token takes its place, and counts on where
 * variables of that run stay that this one is not about, since it may be theirs.
 */
function earlierExpiry(
  shares: readonly ProviderExports[],
  owned: ReadonlySet<string>,
  { names, renew }: ExportRequest,
  { raw, environment, now }: Surroundings,
): readonly ProviderExports[] {
  const earlier = raw[EXPIRES];
  if (!earlier) return [];
  const share = { set: new Map(), unset: [], fromStorage: [] };
  const isSet = shares.some(({ set }) => set.has(EXPIRES));
  const leavesOthers =
    !renew && names.length > 0 && [...environment.exported.keys()].some((name) => !owned.has(name));
  if (!leavesOthers) return isSet ? [] : [{ ...share, unset: [EXPIRES] }];
  const isChanged = isSet || shares.some(({ unset }) => unset.includes(EXPIRES));
  const isAhead = /^\d+$/.test(earlier) && Number(earlier) * 1000 > now();
  return isChanged && isAhead ? [{ ...share, set: new Map([[EXPIRES, secret(earlier)]]) }] : [];
}

/** What a later renewal must know of this run. One that leaves Gumloop's credential alone adds nothing to that. */
function choicesOf(
  { names, sdk, renew }: ExportRequest,
  { profile, profileNamed }: Scope,
  { raw }: Surroundings,
): readonly string[] {
  if (renew || !wantsGumloop(names)) return choiceParts(earlierChoices(raw));
  return choiceParts({
    profile: profileNamed ? profile : null,
    variable: raw["GUM_CRED_PROFILE"] || null,
    sdk,
  });
}

function givesAny(shares: readonly ProviderExports[]): boolean {
  for (const { set } of shares) if (set.size > 0) return true;
  return false;
}

/** Every variable that `env` may set for these providers, for `env --unset`. */
export async function wantedVariables(
  names: readonly string[],
  ports: Surroundings & Storage,
): Promise<readonly string[]> {
  if (onlyGumloop(names)) return GUMLOOP_VARIABLES;
  const { keyVariables } = await import("./vendor-exports.ts");
  return [...(wantsGumloop(names) ? GUMLOOP_VARIABLES : []), ...(await keyVariables(names, ports))];
}

async function gatherVendors(
  { names, level, renew, masking = false }: ExportRequest,
  scope: Scope,
  ports: Ports,
): Promise<VendorShares> {
  if (onlyGumloop(names)) return NO_VENDORS;
  if (wantsGumloop(names)) await foreseeGumloop(scope, ports);
  if (names.length === 0 && !(await vendorKeysPossible(ports))) return NO_VENDORS;
  const { vendorShares, vendorsNamed, vendorsToRenew } = await import("./vendor-exports.ts");
  // The first prompt of a shell exports all there is, and the later ones what was exported and ends by itself.
  const renewing = renew === true && Boolean(ports.raw[MARKER]);
  const vendors = renewing ? await vendorsToRenew(scope, ports) : await vendorsNamed(names, ports);
  return vendorShares(vendors, { named: names.length > 0, level, masking, renewing }, scope, ports);
}

/** One visit to the keychain for both: the vendors are looked for first. */
async function foreseeGumloop(
  scope: Scope,
  { environment, keychain, keychainPossible }: Ports,
): Promise<void> {
  const isGiven = environment.get("GUMLOOP_ACCESS_TOKEN") ?? environment.get("GUMLOOP_API_KEY");
  if (isGiven !== null || !keychainPossible()) return;
  foreseeProfile(await keychain(), scope.profile);
}

function wantsGumloop(names: readonly string[]): boolean {
  return names.length === 0 || onlyGumloop(names) || names.some(isGumloop);
}

function onlyGumloop(names: readonly string[]): boolean {
  for (const name of names) if (!isGumloop(name)) return false;
  return names.length > 0;
}

function isGumloop(name: string): boolean {
  return name === gumloop.id || providerId(name) === gumloop.id;
}

/**
 * Without names, a missing Gumloop credential is not an error as long as some key was found; one that the policy refuses
 * is left out, as vendors are, and its variables are unset.
 */
async function gumloopShare(
  request: ExportRequest,
  { shares, withheld }: VendorShares,
  scope: Scope,
  ports: Ports,
): Promise<ProviderExports | null> {
  try {
    if (!request.masking) requireExportable(await ports.policy(), gumloop.id, scope.teamId);
    const credential = await requireGumloop(scope, ports);
    const share = gumloopExports(credential, {
      sdk: request.sdk,
      teamId: scope.teamId,
      baseUrl: scope.baseUrl?.href ?? null,
      raw: ports.raw,
    });
    warnOfStreamUrl(credential, share, ports);
    return share;
  } catch (error) {
    if (request.names.length === 0 && (givesAny(shares) || request.optional)) {
      const stale = staleExpiry(ports.raw, new Map());
      if (hasCode(error, "E_NOT_SIGNED_IN")) return { set: new Map(), unset: stale, fromStorage: [] };
      if (hasCode(error, "E_POLICY_DENIED", "E_NOT_EXPORTABLE")) {
        if (error.code === "E_NOT_EXPORTABLE") ports.note(`gum-cred: left out: ${error.message}`);
        const owned = GUMLOOP_VARIABLES.filter((name) => name !== EXPIRES);
        return { set: new Map(), unset: [...owned, ...stale], fromStorage: [] };
      }
    }
    const isOnlyOne = request.names.length === 0 && hasCode(error, "E_NOT_SIGNED_IN", "E_POLICY_DENIED");
    if (isOnlyOne && withheld.length > 0) throw notExportable(await ports.policy(), withheld);
    throw error;
  }
}

/** Says which keys are left out, since whoever misses one would look for it in vain. */
async function sayWithheld(withheld: readonly string[], ports: Ports): Promise<void> {
  if (withheld.length === 0) return;
  const { message } = notExportable(await ports.policy(), withheld);
  ports.note(`gum-cred: left out: ${message}`);
}

function warnOfStreamUrl(credential: Credential, share: ProviderExports, ports: Ports): void {
  const baseUrl = share.set.get("GUMLOOP_BASE_URL");
  const stray = baseUrl && strayStreamUrl(credential, reveal(baseUrl), ports.raw);
  if (!stray) return;
  ports.warn(
    `GUMLOOP_STREAM_BASE_URL would take the stored credential to ${clean(stray, 100)}; it is removed`,
  );
}
