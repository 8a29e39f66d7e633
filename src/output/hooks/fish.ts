/**
 * fish. It has no clock of its own, but since 3.6 its `path mtime` tells when a file changed, and how long ago: the
 * sum is now. Older ones ask date(1). Event handlers leave `$status` alone.
 * Source: fishshell.com/docs/current/cmds/path.html, "mtime subcommand"; fish, event_fire_internal.
 */
import { PAUSE_S, RENEW_S } from "./hook.ts";

export const fish = `function __gum_cred_now
    set -l ago (path mtime --relative / 2>/dev/null)
    and set -g __gum_cred_time (math (path mtime /) + $ago)
    and return
    set -g __gum_cred_time (command date +%s)
end
function __gum_cred_hook --on-event fish_prompt
    __gum_cred_now
    if set -q __gum_cred_next
        string match -qr '^[0-9]+$' -- "$GUM_CRED_EXPIRES"; or return
        test $__gum_cred_time -ge $__gum_cred_next; and test (math $__gum_cred_time + ${RENEW_S}) -ge $GUM_CRED_EXPIRES; or return
    end
    set -g __gum_cred_next (math $__gum_cred_time + ${PAUSE_S})
    command -q gum-cred; or return
    command gum-cred env --no-input --renew --format fish 2>/dev/null </dev/null | source
end
`;
