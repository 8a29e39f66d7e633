/** What this binary is. The two constants are put in by scripts/build.ts. */

declare const GUM_CRED_VERSION: string | undefined;
declare const GUM_CRED_COMMIT: string | undefined;

export const VERSION = typeof GUM_CRED_VERSION === "string" ? GUM_CRED_VERSION : "0.0.0-dev";
const COMMIT = typeof GUM_CRED_COMMIT === "string" ? GUM_CRED_COMMIT : "unknown";

/** `gum-cred 1.2.3 (commit)`, with a newline. */
export function versionLine(): string {
  return `gum-cred ${VERSION} (${COMMIT})\n`;
}

/** The same as `--version --json` prints it. */
export function versionJson(): string {
  return `${JSON.stringify({ version: VERSION, commit: COMMIT })}\n`;
}
