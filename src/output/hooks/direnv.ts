/**
 * direnv's hook: the function `use_gum_cred` for `.envrc` (`use gum_cred openai`). direnv runs it with bash, evaluates
 * it again only when a watched file changed, and takes the variables back outside of the folder.
 * Source: direnv.net/man/direnv-stdlib.1.html (watch_file, log_error, use).
 */

/** Seconds; more than gum-cred itself waits for a keychain, and less than a person does. */
const LIMIT_S = 15;

export const direnvHook = `# gum-cred for direnv: in .envrc, 'use gum_cred [PROVIDER…] [--profile NAME]'
use_gum_cred() {
  local gum_cred_out gum_cred_status=0 gum_cred_file
  local -a gum_cred_limit=()
  if type -P timeout >/dev/null; then gum_cred_limit=(timeout -k 1 ${LIMIT_S})
  elif type -P perl >/dev/null; then gum_cred_limit=(perl -e 'alarm shift; exec @ARGV' ${LIMIT_S})
  fi
  gum_cred_out=$(\${gum_cred_limit[@]+"\${gum_cred_limit[@]}"} gum-cred env --format posix --no-input "$@" </dev/null) || gum_cred_status=$?
  # What a credential depends on, after the run, which may itself renew a session. The stamp changes when
  # gum-cred stores or removes something.
  for gum_cred_file in \\
    "\${XDG_STATE_HOME:-$HOME/.local/state}/gum-cred/changed" \\
    "\${XDG_CONFIG_HOME:-$HOME/.config}/gum-cred/config.json" \\
    "\${XDG_CONFIG_HOME:-$HOME/.config}/gum-cred/plugins.lock.json" \\
    /etc/gum-cred/policy.json "\${GUM_CRED_POLICY:-}"
  do
    [ -z "$gum_cred_file" ] || watch_file "$gum_cred_file"
  done
  case $gum_cred_status in
    0) eval "$gum_cred_out" ;;
    124 | 137 | 142) log_error "gum-cred did not answer within ${LIMIT_S} s; nothing was exported" ;;
    *) log_error "gum-cred failed ($gum_cred_status); nothing was exported" ;;
  esac
  return "$gum_cred_status"
}
`;
