/** The manual page, made from the same declarations as `--help`. Pure text; macros of man(7), printable ASCII only. */
import { type Command, type FlagSpec, GLOBAL_FLAGS } from "./command.ts";

/** Exit codes, as docs/errors.md has them. */
export const EXIT_CODES: readonly (readonly [string, string])[] = [
  ["0", "it worked"],
  ["1", "a bug in gum-cred"],
  ["2", "a bad flag, argument or value"],
  ["3", "no credential, an expired one, or one that the server rejects"],
  ["4", "the keychain is locked, unavailable or denied"],
  ["5", "network, timeout, busy: try again; nothing stored was changed"],
  ["6", "refused by a security rule or the organisation's policy"],
  ["7", "a value, file or answer that makes no sense, or that an output format cannot carry"],
  ["125, 126, 127", "exec alone: gum-cred failed, the command cannot be run, it is not there"],
  ["130", "interrupted"],
];

/** The variables that gum-cred reads. */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["GUMLOOP_ACCESS_TOKEN", "an access token; it wins over everything stored"],
  ["GUMLOOP_API_KEY, GUMLOOP_USER_ID", "an API key and the user id that belongs to it"],
  ["GUMLOOP_BASE_URL, GUMLOOP_TEAM_ID", "what --base-url and --team-id say"],
  ["GUM_CRED_PROFILE", "what --profile says"],
  ["GUM_CRED_POLICY", "one more policy file; it can add rules and never loosen the system's"],
  ["GUM_CRED_ORG_NAME, GUM_CRED_TEAM_NAME", "an LLM vendor's variable NAME for the organisation or the team"],
  ["GUM_CRED_EXPORTED", "what an earlier env exported and with which choices, without values"],
  ["GUM_CRED_EXPIRES", "when the first of the exported tokens expires, in seconds since 1970"],
  ["GUM_CRED_KEYCHAIN", "the keychain to use, where there could be several"],
  ["DBUS_SESSION_BUS_ADDRESS", "the session bus on which the keychain is looked for"],
  ["BROWSER", "the program that opens the page to sign in"],
  ["XDG_CONFIG_HOME", "where the default profile and plugins are kept"],
  ["SSL_CERT_FILE, SSL_CERT_DIR", "more authorities to trust"],
  ["NO_COLOR", "no colour"],
];

/** The whole page. */
export function manPage(commands: readonly Command[], version: string): string {
  return `${[
    `.TH GUM-CRED 1 "" "gum-cred ${text(version)}" "User Commands"`,
    ".SH NAME",
    "gum\\-cred \\- credentials for Gumloop and LLM vendors, kept in the OS keychain",
    ".SH SYNOPSIS",
    ".B gum\\-cred",
    ".I COMMAND",
    ".RI [ FLAGS ]",
    ".SH DESCRIPTION",
    text(
      "Signs in to Gumloop, keeps credentials in the keychain of the operating system and nowhere else, and",
    ),
    text("hands them to shells and programs: eval $(gum-cred env) or gum-cred exec -- CMD."),
    text("An environment variable wins over what is stored, and an organisation's key over everybody's own."),
    ".SH COMMANDS",
    ...commands.flatMap(section),
    ".SH FLAGS OF EVERY COMMAND",
    ...GLOBAL_FLAGS.flatMap(flag),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, about]) => tagged(bold(code), about)),
    ".SH ENVIRONMENT",
    text("Every variable of a credential has a form NAME_FILE, which names a file that holds the value."),
    ...ENVIRONMENT.flatMap(([names, about]) => tagged(bold(names), about)),
    ".SH FILES",
    ...tagged(bold("/etc/gum-cred/policy.json"), "the organisation's rules and key sources"),
    ...tagged(bold("/etc/gum-cred/plugins, $XDG_CONFIG_HOME/gum-cred/plugins"), "installed providers"),
  ].join("\n")}\n`;
}

function section(command: Command): readonly string[] {
  return [
    `.SS ${bold(`gum-cred ${command.name}`)}${synopsis(command)}`,
    text(`${command.summary}.`),
    ...command.args.flatMap((spec) => tagged(`\\fI${text(spec.name)}\\fR`, spec.summary)),
    ...command.flags.flatMap(flag),
    ...(command.details ? [".PP", ...command.details.split("\n").map(text)] : []),
    ...command.examples.flatMap((example) => [
      ".PP",
      text(`${example.about[0]?.toUpperCase() ?? ""}${example.about.slice(1)}:`),
      ".PP",
      ".RS 4",
      ".EX",
      text(example.line),
      ".EE",
      ".RE",
    ]),
  ];
}

function synopsis({ args, flags, rest }: Command): string {
  const words = args.map((spec) => {
    const name = `\\fI${text(spec.name)}\\fR${spec.many ? " ..." : ""}`;
    return spec.required ? name : `[${name}]`;
  });
  if (flags.length > 0) words.push("[\\fIFLAGS\\fR]");
  if (rest) words.push(`\\-\\- \\fI${text(rest)}\\fR`);
  return words.map((word) => ` ${word}`).join("");
}

function flag({ name, short, value, choices, summary }: FlagSpec): readonly string[] {
  const names = [...(short ? [`-${short}`] : []), `--${name}`].map(bold).join(", ");
  const operand = choices ? text(choices.join(" | ")) : value ? `\\fI${text(value)}\\fR` : "";
  return tagged(operand ? `${names} ${operand}` : names, summary);
}

function tagged(tag: string, about: string): readonly string[] {
  return [".TP", tag, text(`${about}.`)];
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

/** roff takes a backslash for an escape, a dot or a quote at the beginning for a request, and `-` for a hyphen. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "…": "...",
};

function text(plain: string): string {
  const escaped = plain.replace(
    /[^ -~]|[\\'`^~-]/gu,
    (character) => SPECIAL[character] ?? `\\[u${hex(character)}]`,
  );
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
