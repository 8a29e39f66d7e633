/** `gum-cred hook`: keeps what `env` exported fresh in shells that outlive their token. */
import { defineCommand } from "../command.ts";

const SHELLS = ["bash", "zsh", "fish", "nushell", "powershell", "direnv"];

export const hook = defineCommand({
  args: [{ name: "SHELL", summary: SHELLS.join(", "), required: true }],
  flags: [],
  details:
    "Exports at the first prompt, and again before a prompt when the exported token is about to expire; between\n" +
    "the two it starts no process. Says nothing when nobody is signed in.",
  examples: [
    { line: 'eval "$(gum-cred hook bash)"', about: "at the end of ~/.bashrc; zsh in ~/.zshrc" },
    { line: "gum-cred hook fish | source", about: "in ~/.config/fish/config.fish" },
    {
      line: 'gum-cred hook nushell | save -f ($nu.default-config-dir | path join "gum-cred.nu")',
      about: "then 'source gum-cred.nu' in config.nu",
    },
    {
      line: 'eval "$(gum-cred hook direnv)"; use gum_cred openai',
      about: "in an .envrc; or once for all: gum-cred setup direnv --write",
    },
    { line: "gum-cred hook powershell | Out-String | Invoke-Expression", about: "in $PROFILE" },
  ],
  run: async (_context, input) => {
    const { HOOKS } = await import("../../output/hooks.ts");
    const { shell } = input.args;
    const script = Object.hasOwn(HOOKS, shell) ? HOOKS[shell] : undefined;
    const { fail } = await import("../../core/errors.ts");
    if (script === undefined) throw fail("E_INVALID_VALUE", `there is a hook for: ${SHELLS.join(", ")}`);
    return { kind: "raw", text: script };
  },
});
