/**
 * The sources in a policy file: their shape, and what they become. A part of policy-schema.ts, loaded only where there
 * is a policy file.
 */
import { z } from "zod/mini";
import { GumCredError } from "../core/errors.ts";
import { type ConfiguredSource, MAX_TIMEOUT_MS, type SourceOptions } from "./policy.ts";
import { parseTokenUrl, SERVICE_ACCOUNT_TOKEN, type TokenSupplier } from "./sources/federation/settings.ts";
import { isAgentAddress, isVaultPath, type VaultAuth, vaultPlace } from "./sources/vault/settings.ts";

/** Text of one form. `message` ends a sentence that begins with its path. */
export function text(form: RegExp, message: string) {
  return z.string().check(z.regex(form, message));
}

const absolute = text(/^(?:\/|[A-Za-z]:\\)/, "must be an absolute path");
const homePath = text(/^(?:\/|~\/|[A-Za-z]:\\)/, "must be an absolute path, or begin with ~/");
const variable = text(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable's name");
/** What goes into the body of a request. */
const id = text(/^[^\u0000-\u0020\u007f]{1,256}$/, "must be 1 to 256 characters without spaces");
const argv = z.tuple([absolute], z.string());
const vaultPath = z
  .string()
  .check(z.minLength(1), z.refine(isVaultPath, "must be a Vault path without empty segments, '.' and '..'"));
const MAX_KEPT_S = 30 * 24 * 3600;
const seconds = z.int().check(z.gte(0), z.lte(MAX_KEPT_S));

const options = {
  timeout_ms: z.optional(z.int().check(z.gte(1), z.lte(MAX_TIMEOUT_MS))),
  cache_s: z.optional(seconds),
  stale_ok_s: z.optional(seconds),
};

const supplier = z.union([
  z.strictObject({ github_actions: z.strictObject({ audience: z.optional(id) }) }),
  z.strictObject({ kubernetes: z.strictObject({ path: z.optional(absolute) }) }),
  z.strictObject({ file: absolute }),
  z.strictObject({ command: argv }),
]);

const vaultAddress = z
  .string()
  .check(z.refine(accepts(vaultPlace), "must be https, http to a literal loopback address, or unix:/path"));
const vaultAuth = z.union([
  z.strictObject({ token_file: homePath }),
  z.strictObject({ token_env: variable }),
  z.strictObject({
    approle: z.strictObject({
      role_id: id,
      secret_id_file: z.optional(absolute),
      mount: z.optional(vaultPath),
    }),
  }),
  z.strictObject({ jwt: z.strictObject({ role: id, mount: z.optional(vaultPath), token: supplier }) }),
  z.strictObject({
    kubernetes: z.strictObject({ role: id, mount: z.optional(vaultPath), path: z.optional(absolute) }),
  }),
]);
const agentAuth = z.strictObject({
  agent: z
    .string()
    .check(z.refine(isAgentAddress, "must be unix:/path, or http to a literal loopback address")),
});
const vaultKey = {
  mount: vaultPath,
  path: vaultPath,
  field: z.string().check(z.minLength(1)),
  version: z.optional(z.union([z.literal(1), z.literal(2)])),
  namespace: z.optional(text(/^[\x21-\x7e]+$/, "must be printable characters without spaces")),
};
const vault = z.union([
  z.strictObject({
    ...{ address: vaultAddress, ca_file: z.optional(absolute) },
    ...vaultKey,
    auth: z.optional(vaultAuth),
  }),
  z.strictObject({ ...vaultKey, auth: agentAuth }),
]);

const exchange = {
  token: supplier,
  token_url: z.optional(
    z
      .string()
      .check(z.refine(accepts(parseTokenUrl), "must be https, or http to a literal loopback address")),
  ),
};
const federation = z.union([
  z.strictObject({
    ...{ provider: z.literal("openai"), identity_provider_id: id, service_account_id: id },
    ...exchange,
  }),
  z.strictObject({
    ...{ provider: z.literal("anthropic"), federation_rule_id: id, organization_id: id },
    ...{ service_account_id: z.optional(id), workspace_id: z.optional(id) },
    ...exchange,
  }),
  z.strictObject({ ...{ provider: z.literal("openrouter"), federation_policy_id: id }, ...exchange }),
]);

export const sourceSchema = z.union([
  z.strictObject({ command: argv, ...options }),
  z.strictObject({ file: absolute, ...options }),
  z.strictObject({ env: variable, ...options }),
  z.strictObject({ keychain: z.literal(true), ...options }),
  z.strictObject({ vault, ...options }),
  z.strictObject({ federation, ...options }),
]);

/** A source as the rest of the program has it. */
export function sourceOf(source: z.infer<typeof sourceSchema>): ConfiguredSource {
  const options = optionsOf(source);
  if ("command" in source) return { kind: "command", argv: source.command, ...options };
  if ("file" in source) return { kind: "path", path: source.file, ...options };
  if ("env" in source) return { kind: "policy-variable", variable: source.env, ...options };
  if ("vault" in source) return { kind: "vault", vault: vaultOf(source.vault), ...options };
  if ("federation" in source) {
    const { provider, token, token_url, ...ids } = source.federation;
    const federation = { provider, ids: present(ids), token: supplierOf(token), tokenUrl: token_url ?? null };
    return { kind: "federation", federation, ...options };
  }
  return { kind: "policy-keychain", ...options };
}

function optionsOf(source: z.infer<typeof sourceSchema>): SourceOptions {
  return {
    ...(source.timeout_ms === undefined ? {} : { timeoutMs: source.timeout_ms }),
    ...(source.cache_s === undefined ? {} : { cacheS: source.cache_s }),
    ...(source.stale_ok_s === undefined ? {} : { staleOkS: source.stale_ok_s }),
  };
}

function vaultOf(source: z.infer<typeof vault>) {
  const { auth, mount, path, field } = source;
  const agent = auth && "agent" in auth ? auth.agent : null;
  return {
    address: agent ?? ("address" in source ? source.address : ""),
    ...{ mount: bare(mount), path: bare(path), field },
    version: source.version ?? (2 as const),
    namespace: source.namespace ?? null,
    caFile: ("ca_file" in source ? source.ca_file : null) ?? null,
    auth: authOf(auth),
  };
}

function authOf(auth: z.infer<typeof vault>["auth"]): VaultAuth {
  if (auth === undefined) return { kind: "token_file", path: null };
  if ("agent" in auth) return { kind: "agent" };
  if ("token_file" in auth) return { kind: "token_file", path: auth.token_file };
  if ("token_env" in auth) return { kind: "token_env", variable: auth.token_env };
  if ("approle" in auth) {
    const { role_id, secret_id_file, mount } = auth.approle;
    return {
      kind: "approle",
      roleId: role_id,
      secretIdFile: secret_id_file ?? null,
      mount: mount ?? "approle",
    };
  }
  if ("jwt" in auth) {
    const { role, mount, token } = auth.jwt;
    return { kind: "jwt", role, mount: mount ?? "jwt", token: supplierOf(token) };
  }
  const { role, mount, path } = auth.kubernetes;
  return { kind: "kubernetes", role, mount: mount ?? "kubernetes", path: path ?? SERVICE_ACCOUNT_TOKEN };
}

function supplierOf(token: z.infer<typeof supplier>): TokenSupplier {
  if ("github_actions" in token) {
    return { kind: "github_actions", audience: token.github_actions.audience ?? null };
  }
  if ("kubernetes" in token)
    return { kind: "kubernetes", path: token.kubernetes.path ?? SERVICE_ACCOUNT_TOKEN };
  if ("file" in token) return { kind: "file", path: token.file };
  return { kind: "command", argv: token.command };
}

function present(ids: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(ids).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A Vault path without the outer slashes that mean nothing. */
function bare(path: string): string {
  return path.replace(/^\/|\/$/g, "");
}

/** Whether a parser that throws our errors takes a text. */
function accepts(parse: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      parse(text);
      return true;
    } catch (error) {
      if (error instanceof GumCredError) return false;
      throw error;
    }
  };
}
