/**
 * Every way gum-cred can fail: one code, one exit code, one default hint each (contract: docs/errors.md).
 * Pure; imports nothing. Messages never contain a secret; foreign text goes through {@link clean}.
 */

interface ErrorSpec {
  /** Process exit code (docs/errors.md). */
  readonly exit: number;
  /** What the user can do about it, when the place that fails knows nothing better. */
  readonly hint: string;
}

/** Built at the first failure: a run without one needs none of it. */
const errorTable = () =>
  ({
    E_INTERNAL: { exit: 1, hint: "this is a bug in gum-cred; report it, with what --debug prints" },
    E_OUTPUT: { exit: 1, hint: "check where stdout goes: the disk may be full, or the pipe closed" },
    E_USAGE: { exit: 2, hint: "run 'gum-cred COMMAND --help'" },
    E_UNKNOWN_COMMAND: { exit: 2, hint: "run 'gum-cred --help' for the list of commands" },
    E_UNKNOWN_FLAG: { exit: 2, hint: "run 'gum-cred COMMAND --help' for its flags" },
    E_UNKNOWN_PROVIDER: { exit: 2, hint: "run 'gum-cred providers' for the known providers" },
    E_REFERENCE_MALFORMED: {
      exit: 2,
      hint: "write it as gum://PROVIDER[/FIELD][?level=LEVEL&team=ID&profile=NAME]",
    },
    E_SETTING_TAKEN: { exit: 2, hint: "replace it with --force" },
    E_INVALID_VALUE: { exit: 2, hint: "run 'gum-cred COMMAND --help' for its values" },
    E_MISSING_USER_ID: { exit: 2, hint: "set GUMLOOP_USER_ID to the user id that belongs to the API key" },
    E_CONFLICTING_VARIABLES: { exit: 2, hint: "unset the one that you do not want to use" },
    E_NOT_SIGNED_IN: { exit: 3, hint: "run 'gum-cred login', or set GUMLOOP_ACCESS_TOKEN" },
    E_NO_CREDENTIAL: { exit: 3, hint: "sign in, store a key, or set a variable that holds one" },
    E_EXPIRED: { exit: 3, hint: "run 'gum-cred login' to sign in again" },
    E_REJECTED: { exit: 3, hint: "check that it was copied whole and not revoked" },
    E_FORBIDDEN: { exit: 3, hint: "check what the account and its plan allow" },
    E_AUTHORIZATION_DENIED: { exit: 3, hint: "choose Allow in the browser the next time" },
    E_SOURCE_REJECTED: {
      exit: 3,
      hint: "run 'gum-cred policy check --live' to see what each source answers; no other key is used",
    },
    E_KEYCHAIN_LOCKED: {
      exit: 4,
      hint: "run 'gum-cred keychain unlock' on a terminal, and the command again",
    },
    E_KEYCHAIN_UNAVAILABLE: {
      exit: 4,
      hint: "without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    },
    E_KEYCHAIN_UNREACHABLE: {
      exit: 4,
      hint: "run 'unset DBUS_SESSION_BUS_ADDRESS', or correct it; or set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    },
    E_KEYCHAIN_DENIED: { exit: 4, hint: "allow gum-cred to use the keychain and run the command again" },
    E_KEYCHAIN_TIMEOUT: {
      exit: 4,
      hint: "end the keychain's program, so that it starts again; run 'gum-cred doctor' to see which one it is",
    },
    E_KEYCHAIN_FAILED: {
      exit: 4,
      hint: "run 'gum-cred doctor' to check the keychain; without it set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    },
    E_NETWORK: { exit: 5, hint: "check the connection and try again; nothing stored was changed" },
    E_TIMEOUT: { exit: 5, hint: "try again; nothing stored was changed" },
    E_RATE_LIMITED: { exit: 5, hint: "wait a moment and try again; nothing stored was changed" },
    E_SERVER: { exit: 5, hint: "try again later; nothing stored was changed" },
    E_SOURCE_FAILED: {
      exit: 5,
      hint: "ask the administrator of your organisation's secret store; no other key is used",
    },
    E_UNVERIFIED: { exit: 5, hint: "the first use of the key will tell whether it works" },
    E_PORT_BUSY: { exit: 5, hint: "choose another port with --callback-port" },
    E_LOCK_TIMEOUT: { exit: 5, hint: "another gum-cred holds the lock; try again" },
    E_BASE_URL_REFUSED: {
      exit: 6,
      hint: "use https, or http to a literal loopback address such as 127.0.0.1",
    },
    E_BASE_URL_MISMATCH: {
      exit: 6,
      hint: "run 'gum-cred login --profile NAME' to sign in there, and give --profile NAME here too; or leave the other base URL out",
    },
    E_REDIRECT_REFUSED: {
      exit: 6,
      hint: "check the base URL: redirects are never followed with a credential",
    },
    E_UNTRUSTED: { exit: 6, hint: "check ca_file, the address, and whether something reads the traffic" },
    E_UNSAFE_FILE: { exit: 6, hint: "make yourself the owner of the file, writable by nobody else" },
    E_POLICY: { exit: 6, hint: "ask the administrator of your organisation's policy" },
    E_POLICY_DENIED: { exit: 6, hint: "ask the administrator of your organisation's policy" },
    E_NOT_EXPORTABLE: {
      exit: 6,
      hint: "run the command through the broker, which uses the key for it",
    },
    E_ISOLATION: { exit: 6, hint: "leave --isolate out, or run where user namespaces are allowed" },
    E_POLICY_SOURCE: {
      exit: 6,
      hint: "ask the administrator of your organisation's secret store; no other key is used",
    },
    E_POLICY_INVALID: {
      exit: 7,
      hint: "correct the policy's file",
    },
    E_PLUGIN_REFUSED: {
      exit: 6,
      hint: "mend the plugin, or remove it",
    },
    E_PLUGIN_CHANGED: { exit: 6, hint: "check the change before you trust the plugin again" },
    E_SOURCE_DATA: {
      exit: 7,
      hint: "run 'gum-cred policy check --live' to see what each source answers; no other key is used",
    },
    E_INCOMPLETE: { exit: 7, hint: "run 'gum-cred login' to store the complete credential again" },
    E_MALFORMED: { exit: 7, hint: "run with --debug to see where it came from" },
    E_UNSAFE_VALUE: { exit: 7, hint: "use --format json, which carries any value" },
    E_FILE_UNREADABLE: { exit: 7, hint: "check the path and its permissions" },
    E_PLUGIN_INVALID: { exit: 7, hint: "mend the plugin, or remove it" },
    E_OWN_FAILURE: { exit: 125, hint: "" },
    E_NOT_EXECUTABLE: { exit: 126, hint: "check the command's permissions" },
    E_COMMAND_NOT_FOUND: { exit: 127, hint: "check the command's name and PATH" },
    E_INTERRUPTED: { exit: 130, hint: "" },
  }) as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof ReturnType<typeof errorTable>;

let built: ReturnType<typeof errorTable> | null = null;

/** Every code with its exit code and default hint. */
export function errorSpecs(): ReturnType<typeof errorTable> {
  built ??= errorTable();
  return built;
}

/** The one error type that reaches the user. Anything else is an E_INTERNAL. */
export class GumCredError extends Error {
  override readonly name = "GumCredError";
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    const spec = errorSpecs()[code];
    this.hint = hint ?? spec.hint;
    this.exitCode = spec.exit;
  }
}

/** Makes an error to throw. `message` is ours: no secret, and no foreign text that is not {@link clean}. */
export function fail(code: ErrorCode, message: string, hint?: string): GumCredError {
  return new GumCredError(code, message, hint);
}

/** Whether an error is ours and carries one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is GumCredError {
  return error instanceof GumCredError && codes.includes(error.code);
}

// C0, DEL and C1 controls; zero-width and bidirectional marks, embeddings, overrides and isolates;
// line and paragraph separators; byte order mark; interlinear annotation; tag characters.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Text from a server, file or other program made safe for a terminal line: controls and bidi gone, bounded. */
export function clean(foreign: string, limit = 300): string {
  const text = foreign
    .slice(0, limit * 4)
    .replace(UNSAFE, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** The same for text of several lines that is ours but for names in it: line ends stay, nothing is cut off. */
export function cleanLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === "\n" ? character : " "));
}

/** JSON in which what {@link clean} takes out is escaped: the value is the same, and no terminal is steered. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
