/** `gum-cred keys set`: verifies and stores a vendor's key. */
import { defineCommand } from "../../command.ts";
import { output, PROVIDER_ARGUMENT, STORE_FLAGS, store } from "./store.ts";

export const keysSet = defineCommand({
  args: [PROVIDER_ARGUMENT],
  flags: STORE_FLAGS,
  details:
    "Asks for the key on a terminal. A personal or team key is refused where the organisation sets its own.\n" +
    "Prefer '-' to a value on the command line, which other processes can see and shells remember.\n" +
    "Azure OpenAI's endpoint and API version and Bedrock's region are kept with the key: from --with, else from\n" +
    "the vendor's own variables. 'env' and 'exec' export them with the key.",
  examples: [
    { line: "gum-cred keys set openai", about: "asks for the key, hidden" },
    { line: "pass openai | gum-cred keys set openai --key -", about: "without asking" },
    { line: "gum-cred keys set bedrock --with region=eu-west-1", about: "a key and the region it is for" },
  ],
  run: async (context, input) => output("stored", await store(context, input), context),
});
