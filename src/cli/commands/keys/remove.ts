/** `gum-cred keys remove`: removes a stored key. */
import { defineCommand, LEVEL_FLAG } from "../../command.ts";
import { PROVIDER_ARGUMENT } from "./store.ts";

export const keysRemove = defineCommand({
  args: [PROVIDER_ARGUMENT],
  flags: [{ ...LEVEL_FLAG, summary: "whose key it is (default: personal)" }],
  examples: [{ line: "gum-cred keys remove openai", about: "the personal key of this profile" }],
  run: async ({ ports, scope }, input) => {
    const { providerNamed } = await import("../../../app/providers.ts");
    const { checkPlace, removeKey } = await import("../../../app/keys/keys.ts");
    const provider = await providerNamed(input.args.provider, ports);
    const level = input.flags.level ?? "personal";
    checkPlace({ provider, level }, scope);
    await removeKey({ provider, level }, scope, ports);
    return {
      kind: "data",
      data: { status: "ok", provider: provider.id, level },
      human: `Removed the ${level} key for ${provider.title}. It works until revoked at ${provider.setupUrl}`,
    };
  },
});
