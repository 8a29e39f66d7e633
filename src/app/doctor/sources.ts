/** Doctor's look at the policy's sources: each is asked once, and its identity or token is looked at for its end. */
import { GumCredError } from "../../core/errors.ts";
import { send } from "../../net/http.ts";
import { type ConfiguredSource, DEFAULT_TIMEOUT_MS, type Policy } from "../../resolve/policy.ts";
import type { Ports } from "../../resolve/ports.ts";
import { startDeadline } from "../../resolve/sources/deadline.ts";
import { readClaims } from "../../resolve/sources/federation/claims.ts";
import type { TokenSupplier } from "../../resolve/sources/federation/settings.ts";
import { readSecretFile } from "../../resolve/sources/file.ts";
import { checkSources, type SourceCheck } from "../policy-live.ts";
import { type Check, ok, problem, warning } from "./check.ts";

/** Seconds before the end of an identity or token at which it is worth a warning. */
const SOON_S = 60;

/** One check for each source; none where no source is configured. Throws for bugs only. */
export async function checkPolicySources(policy: Policy, ports: Ports): Promise<readonly Check[]> {
  const checks = await checkSources(policy, ports);
  return Promise.all(checks.map((one) => checkOne(one, policy, ports)));
}

async function checkOne(one: SourceCheck, policy: Policy, ports: Ports): Promise<Check> {
  const whose = one.team === null ? "" : `team_${one.team}_`;
  const name = `source_${whose}${one.provider}`.replace(/[^a-z0-9]+/gi, "_").toLowerCase();
  if (one.error) return problem(name, one.error);
  const rules = one.team === null ? policy.providers : policy.teams.get(one.team);
  const rule = rules?.get(one.provider);
  const ends = rule?.kind === "source" ? await identityEnds(rule.source) : null;
  const left = ends === null ? null : Math.round(ends - ports.now() / 1000);
  if (left !== null && left < SOON_S) {
    const what = left > 0 ? `ends in ${left} s` : `ended ${-left} s ago by this machine's clock`;
    const hint = "check that its supplier renews it, and this machine's clock";
    return warning(name, `${one.source}: ${one.location} answered, but the identity token ${what}`, hint);
  }
  const life = rule?.kind === "source" ? await vaultTokenLife(rule.source, ports) : null;
  if (life !== null && life < SOON_S) {
    const hint = "log in to Vault again (vault login, bao login), or let an agent renew the token";
    return warning(name, `${one.location} answered, but the token for it ends in ${life} s`, hint);
  }
  if (one.expiresAt !== null && one.expiresAt - ports.now() < SOON_S * 1000) {
    const what = `the token of ${one.location} lives for less than ${SOON_S} s`;
    return warning(name, what, "let the vendor's rule give tokens that last for some minutes");
  }
  return ok(name, `${one.source}: ${one.location} answered in ${one.ms} ms`);
}

async function vaultTokenLife(source: ConfiguredSource, ports: Ports): Promise<number | null> {
  if (source.kind !== "vault") return null;
  const { tokenLife } = await import("../../resolve/sources/vault/token-life.ts");
  const { vaultLogins } = await import("../../resolve/sources/vault/login.ts");
  const deadline = startDeadline(DEFAULT_TIMEOUT_MS, "the token for Vault");
  const asking = { whose: "the token for Vault", mark: "", raw: ports.raw, deadline, send, warn: () => {} };
  return tokenLife(source.vault, vaultLogins(ports.now), asking);
}

/** When the identity that a file supplies ends, in seconds since 1970; null where that cannot be told. */
async function identityEnds(source: ConfiguredSource): Promise<number | null> {
  const path = identityFile(source);
  if (path === null) return null;
  try {
    return readClaims(await readSecretFile(path, "identity token"))?.expiresAt ?? null;
  } catch (error) {
    if (error instanceof GumCredError) return null;
    throw error;
  }
}

function identityFile(source: ConfiguredSource): string | null {
  if (source.kind === "federation") return fileOf(source.federation.token);
  if (source.kind !== "vault") return null;
  const { auth } = source.vault;
  if (auth.kind === "kubernetes") return auth.path;
  return auth.kind === "jwt" ? fileOf(auth.token) : null;
}

function fileOf(token: TokenSupplier): string | null {
  return token.kind === "file" || token.kind === "kubernetes" ? token.path : null;
}
