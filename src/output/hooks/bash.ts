/**
 * bash 3.2 and newer. Bash gives every element of PROMPT_COMMAND the status of the last command and puts `$?`, `$_` and
 * PIPESTATUS back after it; within one string only the first command sees them, so the hook goes to the end.
 * Source: bash, execute_prompt_command and execute_variable_command in parse.y and eval.c.
 */
import { PAUSE_S, RENEW_S } from "./hook.ts";

export const bash = `_gum_cred_now() {
  if [ -n "\${EPOCHSECONDS-}" ]; then _gum_cred_time=$EPOCHSECONDS
  elif ! { printf -v _gum_cred_time '%(%s)T' -1; } 2>/dev/null; then
    # Before 4.2 bash has no clock, but knows how long it has been running.
    [ -n "\${_gum_cred_started-}" ] || _gum_cred_started=$(($(command date +%s) - SECONDS))
    _gum_cred_time=$((_gum_cred_started + SECONDS))
  fi
}
_gum_cred_hook() {
  local status=$? IFS=$' \\t\\n'
  _gum_cred_now
  case \${_gum_cred_next+\${GUM_CRED_EXPIRES-}} in
    '') [ -z "\${_gum_cred_next-}" ] || return "$status" ;;
    *[!0-9]*) return "$status" ;;
    *) [ "$_gum_cred_time" -ge "$_gum_cred_next" ] && [ "$((_gum_cred_time + ${RENEW_S}))" -ge "$GUM_CRED_EXPIRES" ] || return "$status" ;;
  esac
  _gum_cred_next=$((_gum_cred_time + ${PAUSE_S}))
  eval "$(command gum-cred env --no-input --renew 2>/dev/null </dev/null)" || :
  return "$status"
}
if [[ "$(declare -p PROMPT_COMMAND 2>/dev/null)" == "declare -a"* ]]; then
  [[ " \${PROMPT_COMMAND[*]} " == *" _gum_cred_hook "* ]] || PROMPT_COMMAND+=(_gum_cred_hook)
elif [[ "\${PROMPT_COMMAND-}" != *_gum_cred_hook* ]]; then
  PROMPT_COMMAND="\${PROMPT_COMMAND:+$PROMPT_COMMAND
}_gum_cred_hook"
fi
`;
