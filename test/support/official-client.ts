/**
 * The official `gumloop` client from PyPI, in an environment of its own under node_modules/.cache. Where PyPI cannot
 * be reached, tests that need it are left out, and say so.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";

/** What 0.5.9 says about typer's versions is too wide: it fails with 0.29. */
const PACKAGES = ["gumloop==0.5.9", "typer<0.29", "keyring"];
const FOLDER = resolve(import.meta.dir, "../../node_modules/.cache/official-client-0.5.9");

export interface OfficialClient {
  /** The program itself, as words. */
  readonly gumloop: readonly string[];
  /** The Python that can import its modules. */
  readonly python: string;
  /** Variables that make its keyring library use the Secret Service and nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

/** Installs it once; null, with a line on stdout, where that is not possible. */
export function officialClient(): OfficialClient | null {
  if (!existsSync(FOLDER) && !install()) {
    console.log("the official client is not installed and PyPI cannot be reached: its tests are left out");
    return null;
  }
  return {
    gumloop: [`${FOLDER}/bin/python`, "-m", "gumloop.cli.main"],
    python: `${FOLDER}/bin/python`,
    env: {
      PYTHON_KEYRING_BACKEND: "keyring.backends.SecretService.Keyring",
      PYTHONDONTWRITEBYTECODE: "1",
    },
  };
}

function install(): boolean {
  const beside = `${FOLDER}.installing.${process.pid}`;
  mkdirSync(resolve(FOLDER, ".."), { recursive: true });
  const run = (command: string[]): boolean =>
    Bun.spawnSync(command, { stdio: ["ignore", "ignore", "inherit"], timeout: 120_000 }).exitCode === 0;
  const done =
    run(["python3", "-m", "venv", beside]) &&
    run([`${beside}/bin/python`, "-m", "pip", "install", "--quiet", "--retries", "1", ...PACKAGES]);
  if (done && !existsSync(FOLDER)) renameSync(beside, FOLDER);
  rmSync(beside, { recursive: true, force: true });
  return done;
}
