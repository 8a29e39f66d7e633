/** `gum-cred keys rotate`: replaces a stored key. */
import { defineCommand, LEVEL_FLAG } from "../../command.ts";
import { KEY_FLAG, NO_VERIFY_FLAG, output, PROVIDER_ARGUMENT, store, WITH_FLAG } from "./store.ts";

export const keysRotate = defineCommand({
  args: [PROVIDER_ARGUMENT],
  flags: [
    { ...LEVEL_FLAG, summary: "whose key it is (default: personal)" },
    KEY_FLAG,
    WITH_FLAG,
    NO_VERIFY_FLAG,
  ],
  details: "The old key works at the vendor until it is revoked there; where is said at the end.",
  examples: [{ line: "gum-cred keys rotate anthropic", about: "asks for the new key, hidden" }],
  run: async (context, input) => output("rotated", await store(context, input, true), context),
});
