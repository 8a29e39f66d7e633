/** Other programs that do as much or less, where they are installed or can be fetched. */
import { existsSync, rmSync } from "node:fs";
import { type Case, measure } from "./measure.ts";
import { absentRow, type Row, type Section, timeRow } from "./rows.ts";
import { freshSession, isHere, type Setting, store, TOKEN, withKeyring } from "./world.ts";

/** The official CLI from PyPI. Its 0.5.9 asks for any newer typer and fails with 0.29. */
const OFFICIAL = ["gumloop==0.5.9", "typer<0.29"];
const FETCH_TIMEOUT_MS = 120_000;

const ENTRY = "gum-cred env gumloop, from the keychain";
const TOKEN_ONLY = "gum-cred get gumloop, from the environment";
const VERIFIED = "gum-cred status --verify";

interface Rival {
  readonly run: Case;
  /** The name of what gum-cred does in its place. */
  readonly beside: string;
  /** Why it cannot be measured; null when it can. */
  readonly missing: string | null;
}

/** `venv` is a folder that stays from one time to the next. */
export function benchRivals({ gumCred, rounds }: Setting, venv: string): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    const ours: Case[] = [
      { name: ENTRY, command: [gumCred, "env", "gumloop"], env: session },
      { name: TOKEN_ONLY, command: [gumCred, "get", "gumloop"], env: TOKEN },
      { name: VERIFIED, command: [gumCred, "status", "--verify"], env: session, served: true },
    ];
    const rivals = rivalsIn(venv, session, server.baseUrl);
    const here = rivals.filter(({ missing }) => missing === null);
    const timing = await measure(
      [...ours, ...here.map(({ run }) => run)],
      Math.max(3, Math.ceil(rounds / 5)),
    );
    return {
      title: "Other programs",
      about:
        "How many times as long another program takes for the same or less, on the same keyring. `gumloop models list` " +
        "asks the server for what `status --verify` asks.",
      rows: rivals.map(({ run, beside, missing }): Row => {
        return missing === null ? timeRow(timing(run.name), timing(beside)) : absentRow(run.name, missing);
      }),
    };
  });
}

function rivalsIn(venv: string, session: Record<string, string>, baseUrl: string): readonly Rival[] {
  const entry = ["gumloop-cli", "default:access_token"];
  const backend = { ...session, PYTHON_KEYRING_BACKEND: "keyring.backends.SecretService.Keyring" };
  const python = "/usr/bin/python3";
  const hasKeyring = Bun.spawnSync([python, "-c", "import keyring"], { stderr: "ignore" }).exitCode === 0;
  return [
    {
      run: {
        name: "secret-tool lookup, one entry",
        command: ["secret-tool", "lookup", "service", "gumloop-cli", "username", "default:access_token"],
        env: session,
      },
      beside: ENTRY,
      missing: isHere("secret-tool") ? null : "no secret-tool",
    },
    {
      run: {
        name: "python3 -m keyring get, one entry",
        command: [python, "-m", "keyring", "get", ...entry],
        env: backend,
      },
      beside: ENTRY,
      missing: hasKeyring ? null : "no python3 with keyring",
    },
    {
      run: {
        name: "gh auth token, from the environment",
        command: ["gh", "auth", "token"],
        env: { GH_TOKEN: "gh-EXAMPLE" },
      },
      beside: TOKEN_ONLY,
      missing: isHere("gh") ? null : "no gh",
    },
    {
      run: {
        name: `gumloop models list (${OFFICIAL[0]})`,
        command: [`${venv}/bin/gumloop`, "models", "list", "--json"],
        env: { ...backend, GUMLOOP_BASE_URL: baseUrl },
        served: true,
      },
      beside: VERIFIED,
      missing: official(venv),
    },
  ];
}

/** Fetches the official CLI once, into a virtual environment; why not, or null. */
function official(venv: string): string | null {
  if (existsSync(`${venv}/bin/gumloop`)) return null;
  for (const command of [
    ["python3", "-m", "venv", venv],
    [`${venv}/bin/pip`, "install", "--quiet", "--disable-pip-version-check", ...OFFICIAL],
  ]) {
    const options = { stdout: "ignore", stderr: "ignore", timeout: FETCH_TIMEOUT_MS } as const;
    if (existsSync(command[0] ?? "") || isHere(command[0] ?? "")) {
      if (Bun.spawnSync(command, options).exitCode === 0) continue;
    }
    rmSync(venv, { recursive: true, force: true });
    return "PyPI was not reached";
  }
  return null;
}
