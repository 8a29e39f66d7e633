/**
 * Every command's name and one line about it, by what it is for, and the page that shows them. Loads no declaration and
 * nothing native.
 */
import { columnsOf, USUAL_COLUMNS } from "../os/streams/terminal.ts";
import { PLAIN, type Style, styleOf } from "../output/style.ts";
import { wrapped } from "../output/wrap.ts";
import { VERSION } from "../version.ts";
import { GLOBAL_FLAGS } from "./command.ts";
import { columns, finished, flagRow, heading } from "./help.ts";

/** In the order in which help shows them. */
export const GROUPS = [
  {
    title: "Sign in",
    commands: [
      ["login", "Sign in to Gumloop and keep the credential in the OS keychain"],
      ["logout", "Revoke the session and remove the profile's keychain entries"],
      ["status", "Show who is signed in and where the credential comes from"],
      ["refresh", "Renew the stored session now"],
      ["profiles", "List the stored profiles and which is the default"],
      ["profiles list", "List the stored profiles and which is the default"],
      ["profiles use", "Make another stored profile your default"],
      ["teams", "List the teams of the signed-in user with their ids"],
    ],
  },
  {
    title: "Use what is stored",
    commands: [
      ["env", "Print statements that export the credentials in force"],
      ["exec", "Run a command with the credentials in its environment"],
      ["broker", "Run a command that uses the keys and never holds them"],
      ["get", "Print one value of a provider's credential"],
      ["hook", "Print a script for a shell's start-up file that keeps its exports fresh"],
      ["header", "Print the request headers that carry the credential"],
      ["redact", "Copy standard input to standard output with every secret masked"],
      ["setup", "Have another program take its key from gum-cred"],
    ],
  },
  {
    title: "LLM keys",
    commands: [
      ["keys set", "Verify an LLM vendor's key and keep it in the OS keychain"],
      ["keys list", "List the LLM keys of every level, masked, and which one wins"],
      ["keys remove", "Remove a stored key from the OS keychain"],
      ["keys verify", "Ask the vendors whether the keys in force still work"],
      ["keys import", "Store the LLM keys of a dotenv file in the OS keychain"],
      ["keys usage", "Add up requests and tokens in the broker's logs, by vendor, model and day"],
      ["keys rotate", "Replace a key by a new one, verified first"],
      ["providers", "Show the known providers, their variables and where to create a key"],
      ["credits", "Show what bringing your own LLM key saves at Gumloop"],
    ],
  },
  {
    title: "Find out why",
    commands: [
      ["explain", "Show every candidate in order, which one won and why each other one lost"],
      ["keychain", "Show which keychain is used, whether it is open, and the names of what is stored"],
      ["keychain unlock", "Unlock the keychain, by a dialog or with its password"],
      ["doctor", "Check keychain, variables, clock and server, and say what to do"],
    ],
  },
  {
    title: "Organisation and plugins",
    commands: [
      ["policy show", "Show the organisation's rules in force"],
      ["policy check", "Say everything that is wrong with a policy file, or with its sources"],
      ["plugins list", "List the installed provider plugins and whether each is fit to be used"],
      ["plugins add", "Install a provider plugin from its manifest, or one of the catalogue by its name"],
      ["plugins trust", "Agree to an installed plugin as it is now, after it changed"],
      ["plugins remove", "Remove an installed provider plugin"],
      ["plugins new", "Print a manifest to begin with"],
      ["plugins check", "Say everything that is wrong with a plugin's manifest"],
    ],
  },
  {
    title: "Other",
    commands: [["completion", "Print a completion script for a shell"]],
  },
] as const;

/** As typed: `login`, `keys set`. */
export type CommandName = (typeof GROUPS)[number]["commands"][number][0];

const DOCUMENTS = "gum-cred help environment|exit-codes|plugins";

/** How a text looks where it goes, and whose it is. */
interface Look {
  readonly width: number;
  readonly style: Style;
  readonly version: string;
}

/** Where stdout is no terminal. */
export function plainOverview(version: string): string {
  return overviewIn({ width: USUAL_COLUMNS, style: PLAIN, version });
}

/** The overview: every command with its summary, by what it is for. */
export function overview(): string {
  return overviewIn({ width: columnsOf(1), style: styleOf(1), version: VERSION });
}

function overviewIn({ width, style, version }: Look): string {
  const groups = GROUPS.flatMap(({ title, commands }) => [
    "",
    heading(title, style),
    ...columns(commands, width),
  ]);
  return finished([
    ...wrapped(
      `gum-cred ${version}: credentials for Gumloop and LLM vendors, kept in the OS keychain`,
      width,
    ),
    "",
    "Usage: gum-cred COMMAND [FLAGS]",
    "",
    heading("First", style),
    ...columns(
      [
        ["gum-cred login", "sign in to Gumloop and keep the credential in the OS keychain"],
        ["gum-cred keys set openai", "keep an LLM vendor's key there too"],
        ["eval $(gum-cred env)", "put what is stored into this shell"],
      ],
      width,
    ),
    ...groups,
    "",
    heading("Flags of every command", style),
    ...columns(GLOBAL_FLAGS.map(flagRow), width),
    "",
    heading("More", style),
    ...columns(
      [
        ["gum-cred COMMAND --help", "flags and examples of one command, or of a group such as keys"],
        [DOCUMENTS, "variables, exit codes, the guide to provider plugins"],
      ],
      width,
    ),
  ]);
}
