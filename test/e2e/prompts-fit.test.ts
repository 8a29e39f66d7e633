/**
 * Every kind of question on a real terminal: two widths, with colour and without. Its lines fit, colour is there where it is
 * wanted and nowhere else, the words are the same, and Ctrl-C leaves everything as it was.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type PrivateKeyring, startPrivateKeyring } from "../support/private-keyring.ts";
import { onTerminal, type Step } from "../support/terminal.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());

const STOP = "\u0003";
const HIDDEN = "(hidden): ";

interface Question {
  readonly args: readonly string[];
  readonly steps: readonly Step[];
  /** What the question is about; on the screen whatever the width, blanks and line ends aside. */
  readonly shown: readonly string[];
  /** Made before and undone after. */
  readonly before?: () => Promise<unknown>;
  readonly after?: () => Promise<unknown>;
  /** Another keyring than the world's. */
  readonly env?: () => Readonly<Record<string, string>>;
  /** Where nothing is bold: the wait for the browser has no question. */
  readonly unmarked?: boolean;
}

const at = () => ["--base-url", world.server.baseUrl];
const signedIn = { before: () => world.signInWithKey(), after: () => world.ok(["logout", "--all-profiles"]) };
const locked = { before: () => world.keyring.lock(), after: () => world.keyring.unlock() };

const QUESTIONS: Readonly<Record<string, () => Question>> = {
  "which way to sign in": () => ({
    args: ["login", ...at()],
    steps: [{ wait: "Number [1]: ", type: STOP }],
    shown: [
      "Sign in to Gumloop",
      "1) OAuth (browser)",
      "3) Webhook snippet (has the API key and the user id in it)",
    ],
  }),
  "a number that is not there": () => ({
    args: ["login", ...at()],
    steps: [
      { wait: "Number [1]: ", type: "7\r" },
      { wait: "Number [1]: ", type: STOP },
    ],
    shown: ["Type a number from 1 to 3."],
  }),
  "a secret": () => ({
    args: ["keys", "set", "openai"],
    steps: [{ wait: HIDDEN, type: STOP }],
    shown: ["Keys are created at https://platform.openai.com/api-keys", "Key for OpenAI (hidden):"],
  }),
  "a secret that is empty": () => ({
    args: ["keys", "set", "xai"],
    steps: [
      { wait: HIDDEN, type: "\r" },
      { wait: HIDDEN, type: STOP },
    ],
    shown: ["This cannot be empty."],
  }),
  "a line": () => ({
    args: ["login", "--method", "api-key", ...at()],
    steps: [
      { wait: HIDDEN, type: "key-EXAMPLE\r" },
      { wait: "user id", type: `someone${STOP}` },
    ],
    shown: ["Gumloop API key (hidden):", "Gumloop user id: someone"],
  }),
  "a confirmation": () => ({
    ...signedIn,
    args: ["login", "--method", "api-key", "--user-id", "u", ...at()],
    steps: [{ wait: "[y/N]: ", type: STOP }],
    shown: ["The profile 'default' is signed in already", "Sign in in its place? [y/N]:"],
  }),
  "a confirmation answered with something else": () => ({
    ...signedIn,
    args: ["logout", "--all-profiles"],
    steps: [
      { wait: "[y/N]: ", type: "maybe\r" },
      { wait: "[y/N]: ", type: "n\r" },
    ],
    shown: ["Signed in: default.", "Sign all of them out?", "Type y or n."],
  }),
  "a plan to agree to": () => ({
    args: ["plugins", "add", "replicate"],
    steps: [{ wait: "[y/N]: ", type: STOP }],
    shown: ["https://replicate.com/account/api-tokens"],
  }),
  "lines to paste": () => ({
    args: ["keys", "import", "-"],
    steps: [{ wait: "Ctrl-D", type: `OPENAI_API_KEY=sk-EXAMPLE${STOP}` }],
    shown: ["Paste the lines of the dotenv file, not shown; a blank line or Ctrl-D ends it."],
  }),
  "a webhook to paste": () => ({
    args: ["login", "--from-webhook", "-", ...at()],
    steps: [{ wait: "Ctrl-D", type: STOP }],
    shown: ["Paste the webhook URL or snippet, not shown; a blank line or Ctrl-D ends it."],
  }),
  "the keychain's password": () => ({
    ...locked,
    args: ["keychain", "unlock"],
    steps: [{ wait: HIDDEN, type: STOP }],
    shown: ["The keychain is locked.", "Keychain password (hidden):"],
  }),
  "the password of a new keychain": () => {
    let fresh: PrivateKeyring | undefined;
    return {
      before: async () => {
        fresh = await startPrivateKeyring({ unlocked: false });
      },
      after: async () => fresh?.stop(),
      env: () => fresh?.env ?? {},
      args: ["keychain", "unlock"],
      steps: [
        { wait: HIDDEN, type: "new-EXAMPLE\r" },
        { wait: HIDDEN, type: STOP },
      ],
      shown: ["There is no keychain yet. Choose its password;", "New keychain password", "The same again"],
    };
  },
  "the wait for an address to be opened": () => ({
    args: ["login", "--no-browser", ...at()],
    steps: [{ wait: "ends on here.", type: STOP }],
    shown: [
      "Open this address to sign in:",
      "If that browser is on another machine, paste the address that it ends on here.",
    ],
    unmarked: true,
  }),
  "the wait for the browser": () => ({
    args: ["login", "--method", "oauth", ...at()],
    steps: [{ wait: "code_challenge", type: STOP }],
    shown: ["Opening the browser to sign in. If nothing happens, open:"],
    unmarked: true,
  }),
};

const LOOKS = [
  ["colour", {}, []],
  ["NO_COLOR", { NO_COLOR: "1" }, []],
  ["TERM=dumb", { TERM: "dumb" }, []],
  ["--no-color", {}, ["--no-color"]],
] as const;
const WIDTHS = [80, 40];
/** Of the listeners; each run has its own, and none is the one that everybody uses. */
let port = 18_700 + (process.pid % 500) * 16;

const squeezed = (text: string): string => text.replace(/\s+/g, "");

describe.each(Object.entries(QUESTIONS))("%s", (_name, question) => {
  test("fits, with and without colour, and Ctrl-C changes nothing", async () => {
    const { args, steps, shown, before, after, env: own = () => ({}), unmarked = false } = question();
    const isWait = args[0] === "login" && unmarked;
    await before?.();
    try {
      const runs = WIDTHS.flatMap((columns) => LOOKS.map((look) => [columns, ...look] as const));
      const seen = await Promise.all(
        runs.map(async ([columns, look, extra, flags]) => {
          const env = { ...world.env, ...vendors.env, BROWSER: "/bin/true", ...own(), ...extra };
          const ports = isWait ? ["--callback-port", `${port++}`] : [];
          const run = await onTerminal([...args, ...ports, ...flags], steps, {
            env,
            columns,
            timeoutMs: 10_000,
          });
          return { ...run, columns, look };
        }),
      );
      for (const { code, screen, restored, columns, look } of seen) {
        const where = [columns, look];
        const text = Bun.stripANSI(screen);
        expect([...where, code, restored]).toEqual([...where, 130, true]);
        for (const words of shown) expect(squeezed(text)).toContain(squeezed(words));
        const wide = text
          .split("\n")
          .filter((line) => Bun.stringWidth(line) > columns && line.trim().includes(" "))
          .filter((line) => !/^(?:\^C)?(?:gum-cred|hint): /.test(line));
        expect([...where, wide]).toEqual([...where, []]);
        if (look !== "colour") expect([...where, screen.includes("\u001b")]).toEqual([...where, false]);
        else if (!unmarked) expect([...where, screen.includes("\u001b[1m")]).toEqual([...where, true]);
        const first = seen.find((other) => other.columns === columns);
        if (!isWait) expect([...where, text]).toEqual([...where, Bun.stripANSI(first?.screen ?? "")]);
      }
    } finally {
      await after?.();
    }
  }, 30_000);
});
