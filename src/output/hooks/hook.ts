/**
 * What the shells' hooks have in common. A hook runs `gum-cred env` at the first prompt, and again before a prompt when
 * the exported token is about to expire; otherwise it starts no process. The time is in GUM_CRED_EXPIRES (seconds
 * since 1970), which `env` exports beside a token whose expiry is known. With `--renew` it is the account of the shell's
 * earlier `env` that is renewed: a hook never moves a shell to another one.
 */

/** Seconds before the expiry at which a hook asks for a fresh token: more than the slack of `env` itself. */
export const RENEW_S = 60;

/**
 * Seconds after a run in which a hook does not run again: a server that cannot be reached must not slow down every
 * prompt, and a token that `env` still counts as good has to come within its slack first.
 */
export const PAUSE_S = 30;
