/** `gum-cred status`: who am I, from where. */
import type { Status } from "../../app/status.ts";
import { masked } from "../../core/secret.ts";
import { timeAndDistance } from "../../output/relative-time.ts";
import { facts, table } from "../../output/table.ts";
import { type Context, defineCommand } from "../command.ts";
import { keptFields, keptText } from "../kept.ts";

export const status = defineCommand({
  args: [],
  flags: [{ name: "verify", summary: "ask the server whether it accepts the credential" }],
  details: "Exit code 3 when not signed in, 4 when the keychain cannot be read.",
  examples: [
    { line: "gum-cred status", about: "which credential is in force" },
    { line: "gum-cred status --verify --json", about: "for scripts, checked with the server" },
  ],
  run: async (context, input) => {
    const { gatherStatus } = await import("../../app/status.ts");
    const found = await gatherStatus(input.flags.verify, context.scope, context.ports);
    return {
      kind: "data",
      data: data(found, context),
      human: human(found, context),
      error: found.error ?? undefined,
    };
  },
});

function data(found: Status, { scope, ports }: Context): Record<string, unknown> {
  const { credential } = found;
  return {
    profile: scope.profile,
    authenticated: isUnknown(found) ? null : credential !== null && found.verification !== "rejected",
    auth_method: credential?.method ?? null,
    source: credential?.source ?? null,
    location: credential?.location ?? null,
    masked: credential ? masked(credential.value) : null,
    base_url: found.baseUrl,
    user_id: credential?.userId ?? null,
    team_id: scope.teamId,
    expires_at: credential?.expiresAt ?? null,
    verification: found.verification,
    keychain: found.keychain,
    providers: found.keys.map((key) => ({
      id: key.provider,
      level: key.level,
      source: key.source,
      masked: masked(key.value),
      ...keptFields(key, ports.now()),
    })),
  };
}

const METHODS = { oauth: "OAuth access token", api_key: "API key" } as const;

/** Nobody can tell who is signed in while the keychain is locked or does not answer, or what is set makes no sense. */
function isUnknown({ credential, error }: Status): boolean {
  return credential === null && (error?.exitCode === 4 || error?.code === "E_INVALID_VALUE");
}

function signedIn(found: Status): string {
  const { credential, verification, error } = found;
  if (isUnknown(found)) return `unknown: ${error?.message}`;
  if (!credential) return "no";
  const what = METHODS[credential.method];
  return verification === "rejected" ? `no, the ${what} was rejected` : `yes, with an ${what}`;
}

function human(found: Status, { scope, ports }: Context): string {
  const { credential, keychain } = found;
  const rows = facts([
    ["Profile", scope.profile],
    ["Signed in", signedIn(found)],
    ["Credential", credential && `${masked(credential.value)} from ${credential.location}`],
    ["User id", credential?.userId],
    ["Team", scope.teamId],
    ["Base URL", found.baseUrl],
    ["Expires", credential?.expiresAt && timeAndDistance(credential.expiresAt, ports.now())],
    ["Server", found.verification === "skipped" ? null : found.verification],
    [
      "Keychain",
      keychain.backend ? `${keychain.state} (${keychain.backend})` : keychain.state.replace("_", " "),
    ],
  ]);
  if (found.keys.length === 0) return rows;
  const keys = found.keys.map((key) => [
    ...[key.provider, key.level ?? "", masked(key.value)],
    keptText(key.location, key, ports.now()),
  ]);
  return `${rows}\n${table(["LLM key", "Level", "Value", "From"], keys)}`;
}
