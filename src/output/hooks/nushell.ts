/**
 * Nushell. A closure in `hooks.pre_prompt` may change the environment; `complete` catches a failure.
 * Source: nushell.sh/book/hooks.html.
 */
import { PAUSE_S, RENEW_S } from "./hook.ts";

export const nushell = `$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {||
  let last = ($env.LAST_EXIT_CODE? | default 0)
  let now = (date now | into int) // 1_000_000_000
  let expires = ($env.GUM_CRED_EXPIRES? | default "" | into string)
  # A record is not handed to programs.
  let again = ($env.GUM_CRED_HOOK? | default { next: 0 } | get next)
  let due = ($again == 0) or (($expires =~ '^[0-9]+$') and ($now >= $again) and ($now + ${RENEW_S} >= ($expires | into int)))
  if $due {
    $env.GUM_CRED_HOOK = { next: ($now + ${PAUSE_S}) }
    let made = (try { ^gum-cred env --no-input --renew --format nushell | complete } catch { { exit_code: 127, stdout: "" } })
    if $made.exit_code == 0 { $made.stdout | from json | load-env }
  }
  $env.LAST_EXIT_CODE = $last
})
`;
