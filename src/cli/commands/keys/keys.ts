/** `gum-cred keys set`, `remove` and `rotate`: one LLM vendor's key. */
import type { StoredKey } from "../../../app/keys/keys.ts";
import type { Level } from "../../../core/credential.ts";
import type { Secret } from "../../../core/secret.ts";
import { type Command, type Context, type FlagSpec, type Input, LEVEL_FLAG, levelIn } from "../../command.ts";

const KEY_FLAG: FlagSpec = { name: "key", value: "KEY", summary: "the key; '-' reads it from stdin" };
const NO_VERIFY_FLAG: FlagSpec = { name: "no-verify", summary: "store it without asking the vendor" };
const PROVIDER_ARGUMENT = { name: "PROVIDER", summary: "the LLM vendor", required: true };

export const keysSet: Command = {
  name: "keys set",
  summary: "Verify an LLM vendor's key and keep it in the OS keychain",
  args: [PROVIDER_ARGUMENT],
  flags: [{ ...LEVEL_FLAG, summary: "whose key it is (default: personal)" }, KEY_FLAG, NO_VERIFY_FLAG],
  details:
    "Asks for the key on a terminal. A personal or team key is refused where the organisation sets its own.\n" +
    "Prefer '-' to a value on the command line, which other processes can see and shells remember.",
  examples: [
    { line: "gum-cred keys set openai", about: "asks for the key, hidden" },
    { line: "pass openai | gum-cred keys set openai --key -", about: "without asking" },
  ],
  run: async (context, input) => output("stored", await store(context, input), context),
};

export const keysRotate: Command = {
  name: "keys rotate",
  summary: "Replace a key by a new one, verified first",
  args: [PROVIDER_ARGUMENT],
  flags: [{ ...LEVEL_FLAG, summary: "whose key it is (default: personal)" }, KEY_FLAG, NO_VERIFY_FLAG],
  details: "The old key works at the vendor until it is revoked there; where is said at the end.",
  examples: [{ line: "gum-cred keys rotate anthropic", about: "asks for the new key, hidden" }],
  run: async (context, input) => output("rotated", await store(context, input, true), context),
};

export const keysRemove: Command = {
  name: "keys remove",
  summary: "Remove a stored key from the OS keychain",
  args: [PROVIDER_ARGUMENT],
  flags: [{ ...LEVEL_FLAG, summary: "whose key it is (default: personal)" }],
  examples: [{ line: "gum-cred keys remove openai", about: "the personal key of this profile" }],
  run: async ({ ports, scope }, input) => {
    const { providerNamed } = await import("../../../app/providers.ts");
    const { removeKey } = await import("../../../app/keys/keys.ts");
    const provider = await providerNamed(input.args[0] ?? "", ports);
    const level = levelIn(input) ?? "personal";
    await removeKey({ provider, level }, scope, ports);
    return {
      kind: "data",
      data: { status: "ok", provider: provider.id, level },
      human: `Removed the ${level} key for ${provider.title}. It works until revoked at ${provider.setupUrl}`,
    };
  },
};

async function store(context: Context, input: Input, mustExist = false): Promise<StoredKey> {
  const { ports, scope } = context;
  const { providerNamed } = await import("../../../app/providers.ts");
  const { allowKey, requireStored, storeKey } = await import("../../../app/keys/keys.ts");
  const provider = await providerNamed(input.args[0] ?? "", ports);
  const level: Level = levelIn(input) ?? "personal";
  await allowKey({ provider, level }, scope, ports);
  if (mustExist) await requireStored({ provider, level }, scope, ports);
  const key = await newKey(context, input, provider.title);
  const odd = provider.keyHint?.(key);
  if (odd) ports.note(`note: ${odd}`);
  return storeKey({ provider, level }, key, !input.has("no-verify"), scope, ports);
}

async function newKey(context: Context, input: Input, title: string): Promise<Secret> {
  const { canAsk, givenSecret, missingKey, usable } = await import("../../secret-input.ts");
  const given = input.flag("key");
  if (given !== null) return givenSecret("--key", given, "key");
  if (!canAsk(context)) throw missingKey();
  const { askSecret } = await import("../../prompts.ts");
  return usable(await askSecret(`Key for ${title}`), "key");
}

function output(done: string, stored: StoredKey, { ports }: Context) {
  const { provider, level, verdict, message, replaced } = stored;
  if (verdict !== null && verdict !== "valid") ports.warn(message ?? `the vendor's verdict is ${verdict}`);
  const old = replaced
    ? `\nThe key it replaces (${replaced}) works until it is revoked at ${provider.setupUrl}`
    : "";
  return {
    kind: "data",
    data: { status: "ok", provider: provider.id, level, verdict, replaced },
    human: `The ${level} key for ${provider.title} is ${done}${verdict ? ` (${verdict})` : ", unverified"}.${old}`,
  } as const;
}
