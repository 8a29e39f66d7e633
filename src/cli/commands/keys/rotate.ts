/** `gum-cred keys rotate`: replaces a stored key. */
import { defineCommand } from "../../command.ts";
import { output, PROVIDER_ARGUMENT, STORE_FLAGS, store } from "./store.ts";

export const keysRotate = defineCommand({
  args: [PROVIDER_ARGUMENT],
  flags: STORE_FLAGS,
  details:
    "The old key works at the vendor until it is revoked there; where is said at the end. The same key again is refused\n" +
    "(exit code 2), so that nobody revokes the one that is in use.",
  examples: [{ line: "gum-cred keys rotate anthropic", about: "asks for the new key, hidden" }],
  run: async (context, input) => output("rotated", await store(context, input, true), context),
});
