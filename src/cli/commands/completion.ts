/** `gum-cred completion`: a shell's completion script, and the lists that these scripts ask for. */
import { fail } from "../../core/errors.ts";
import { type Command, type Declaration, defineCommand } from "../command.ts";

const SHELLS = "bash|zsh|fish|powershell";

/** The command, given the declarations that the scripts are made of. */
export const completionOf = (declarations: () => Promise<readonly Command[]>): Declaration =>
  defineCommand({
    args: [{ name: SHELLS, summary: "the shell", required: true }],
    flags: [],
    details:
      "The script completes commands, flags and their values, providers (installed ones too) and profile names.\n" +
      "It asks gum-cred for the latter two with 'gum-cred completion providers' and 'gum-cred completion profiles',\n" +
      "which print names, one a line, and nothing at all when the keychain is locked or slow.",
    examples: [
      { line: 'eval "$(gum-cred completion bash)"', about: "in ~/.bashrc" },
      { line: "source <(gum-cred completion zsh)", about: "in ~/.zshrc, after compinit" },
      {
        line: "gum-cred completion fish > ~/.config/fish/completions/gum-cred.fish",
        about: "once, for fish",
      },
      { line: "gum-cred completion powershell | Out-String | Invoke-Expression", about: "in $PROFILE" },
    ],
    run: async ({ ports }, input) => {
      const what = input.args[SHELLS];
      const { LISTS } = await import("../completion/model.ts");
      const list = LISTS.find((name) => name === what);
      if (list) {
        const { listed } = await import("../completion/lists.ts");
        return { kind: "raw", text: await listed(list, ports) };
      }
      return { kind: "raw", text: await script(what, declarations) };
    },
  });

async function script(shell: string, declarations: () => Promise<readonly Command[]>): Promise<string> {
  const make = await maker(shell);
  const { completionModel } = await import("../completion/model.ts");
  return make(completionModel(await declarations()));
}

async function maker(shell: string) {
  switch (shell) {
    case "bash":
      return (await import("../completion/bash.ts")).bashScript;
    case "zsh":
      return (await import("../completion/zsh.ts")).zshScript;
    case "fish":
      return (await import("../completion/fish.ts")).fishScript;
    case "powershell":
      return (await import("../completion/powershell.ts")).powershellScript;
    default:
      throw fail("E_INVALID_VALUE", "there are completion scripts for bash, zsh, fish and powershell");
  }
}
