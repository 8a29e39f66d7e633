/** The shells, and direnv, that `gum-cred hook` has a script for, by the name that it takes. */
import { bash } from "./hooks/bash.ts";
import { direnvHook } from "./hooks/direnv.ts";
import { fish } from "./hooks/fish.ts";
import { nushell } from "./hooks/nushell.ts";
import { powershell } from "./hooks/powershell.ts";
import { zsh } from "./hooks/zsh.ts";

/** Scripts to be evaluated once in a shell's start-up file; direnv's in its `lib` folder or an `.envrc`. */
export const HOOKS: Readonly<Record<string, string>> = {
  bash,
  zsh,
  fish,
  nushell,
  powershell,
  direnv: direnvHook,
};
