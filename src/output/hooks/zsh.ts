/**
 * zsh. It gives each function of precmd_functions the status of the last command and puts `$?` and pipestatus back
 * after it. Source: zshmisc(1), "Hook Functions"; zsh/datetime has the clock.
 */
import { PAUSE_S, RENEW_S } from "./hook.ts";

export const zsh = `_gum_cred_hook() {
  emulate -L zsh
  zmodload -F zsh/datetime p:EPOCHSECONDS || return 0
  if (( \${+_gum_cred_next} )); then
    [[ \${GUM_CRED_EXPIRES-} == <-> ]] || return 0
    (( EPOCHSECONDS >= _gum_cred_next && EPOCHSECONDS + ${RENEW_S} >= GUM_CRED_EXPIRES )) || return 0
  fi
  typeset -g _gum_cred_next=$(( EPOCHSECONDS + ${PAUSE_S} ))
  eval "$(command gum-cred env --no-input --renew 2>/dev/null </dev/null)"
  return 0
}
typeset -ga precmd_functions
(( \${precmd_functions[(Ie)_gum_cred_hook]} )) || precmd_functions+=(_gum_cred_hook)
`;
