/** What a person hears while the token endpoint takes long. Without node: or network of its own. */

/** How long the token endpoint gets, in milliseconds: as long as the official client gives it. */
export const TOKEN_TIMEOUT_MS = 90_000;

/** Shorter waits need no explanation. */
const FIRST_WORD_MS = 3_000;

/** Waits for `work`, and says after a few seconds that and why the wait goes on. */
export async function tellOfWaiting<T>(work: Promise<T>, say: (line: string) => void): Promise<T> {
  const timer = setTimeout(() => {
    say(
      `gum-cred: waiting for the server's tokens (for at most ${TOKEN_TIMEOUT_MS / 1000} s); ` +
        "interrupting now could lose the session",
    );
  }, FIRST_WORD_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
