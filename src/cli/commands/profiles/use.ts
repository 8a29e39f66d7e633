/** `gum-cred profiles use`: another profile becomes this user's default. */
import { defineCommand } from "../../command.ts";

export const profilesUse = defineCommand({
  args: [{ name: "NAME", summary: "a stored profile", required: true }],
  flags: [],
  details:
    "The choice is kept in config.json under gum-cred in $XDG_CONFIG_HOME (or ~/.config), without any secret;\n" +
    "--profile and GUM_CRED_PROFILE win over it. The official gumloop CLI knows the profile 'default' only.",
  examples: [{ line: "gum-cred profiles use work", about: "from now on, in every shell" }],
  run: async ({ ports }, input) => {
    const { chooseProfile } = await import("../../../app/profiles.ts");
    const name = input.args.name;
    await chooseProfile(name, ports);
    const over = ports.environment.get("GUM_CRED_PROFILE");
    if (over !== null && over !== name) {
      ports.warn("GUM_CRED_PROFILE is set in this shell and wins over it; run 'unset GUM_CRED_PROFILE'");
    }
    return {
      kind: "data",
      data: { status: "ok", default: name },
      human: `The default profile is '${name}'.`,
    };
  },
});
