/** What `keys set` and `keys rotate` share: getting a key, storing it, and saying so. */
import type { StoredKey } from "../../../app/keys/keys.ts";
import type { Level } from "../../../core/credential.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Provider } from "../../../providers/contract.ts";
import {
  type ArgumentSpec,
  type Context,
  type FlagSpec,
  LEVEL_FLAG,
  type TypedInput,
} from "../../command.ts";

export const PROVIDER_ARGUMENT = {
  name: "PROVIDER",
  summary: "the LLM vendor",
  required: true,
} as const satisfies ArgumentSpec;

export const STORE_FLAGS = [
  { ...LEVEL_FLAG, summary: "whose key it is (default: personal)" },
  { name: "key", value: "KEY", summary: "the key; '-' reads it from stdin" },
  {
    name: "with",
    value: "NAME=VALUE,…",
    summary: "settings that belong to the key, such as region=us-east-1",
  },
  { name: "no-verify", summary: "store it without asking the vendor" },
] as const satisfies readonly FlagSpec[];

type StoreInput = TypedInput<readonly [typeof PROVIDER_ARGUMENT], typeof STORE_FLAGS>;

/** Verifies and stores the given key. With `mustExist` only in place of a stored one, and another than it. */
export async function store(
  context: Context,
  { args, flags }: StoreInput,
  mustExist = false,
): Promise<StoredKey> {
  const { ports, scope } = context;
  const { providerNamed } = await import("../../../app/providers.ts");
  const { allowKey, checkPlace, refuseSame, requireStored, storeKey } = await import(
    "../../../app/keys/keys.ts"
  );
  const { givenCompanions } = await import("../../../app/companions.ts");
  const provider = await providerNamed(args.provider, ports);
  const level: Level = flags.level ?? "personal";
  const companions = givenCompanions(provider, (flags.with ?? "").split(",").filter(Boolean));
  checkPlace({ provider, level }, scope);
  const given = await givenKey(context, flags.key);
  const { unlockIfLocked } = await import("../../../app/keychain.ts");
  const { askersOf } = await import("../../system-dialog.ts");
  await unlockIfLocked(askersOf(context), ports);
  await allowKey({ provider, level }, scope, ports);
  const old = mustExist ? await requireStored({ provider, level }, scope, ports) : null;
  const key = given ?? (await askedKey(provider));
  if (old) refuseSame(old, key, provider);
  const odd = provider.keyHint?.(key);
  if (odd) ports.note(`note: ${odd}`);
  return storeKey({ provider, level }, key, { check: !flags["no-verify"], companions }, scope, ports);
}

/** The key that `--key` gives; null where a person is to be asked for it later. Throws E_USAGE. */
async function givenKey(context: Context, given: string | null): Promise<Secret | null> {
  const { canAsk, givenSecret, missingKey } = await import("../../secret-input.ts");
  if (given !== null) return givenSecret("--key", given, "key", context);
  if (!canAsk(context)) throw missingKey();
  return null;
}

async function askedKey({ title, setupUrl }: Provider): Promise<Secret> {
  const { usable } = await import("../../secret-input.ts");
  const { askSecret } = await import("../../prompts.ts");
  return usable(await askSecret(`Key for ${title}`, `Keys are created at ${setupUrl}`), "key");
}

/** What is said of a stored key. */
export function output(done: string, stored: StoredKey, { ports }: Context) {
  const { provider, level, companions, verdict, message, replaced } = stored;
  if (verdict !== null && verdict !== "valid") ports.warn(message ?? `the vendor's verdict is ${verdict}`);
  const old = replaced
    ? `\nThe key it replaces (${replaced}) works until it is revoked at ${provider.setupUrl}`
    : "";
  return {
    kind: "data",
    data: {
      status: "ok",
      provider: provider.id,
      level,
      verdict,
      replaced,
      ...(companions.size > 0 ? { settings: Object.fromEntries(companions) } : {}),
    },
    human: `The ${level} key for ${provider.title} is ${done}${verdict ? ` (${verdict})` : ", unverified"}.${old}`,
  } as const;
}
