/**
 * A whole world for one test file: a real keyring on a private bus, a stand-in Gumloop server on loopback, a
 * home folder of its own, and the built binary run inside it. Every run's output is searched for secrets
 * that the command was not asked to print.
 */
import { afterAll, beforeAll, beforeEach, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { type RunOptions, type RunResult, run } from "./binary.ts";
import { type PrivateKeyring, startPrivateKeyring } from "./private-keyring.ts";
import { type StandIn, type StandInOptions, startStandIn } from "./stand-in/server.ts";

export interface World {
  readonly server: StandIn;
  readonly keyring: PrivateKeyring;
  readonly home: string;
  /** Variables that let a child reach this world's keyring. */
  readonly env: Record<string, string>;
  /** Runs gum-cred in this world; its stderr may never hold a canary. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The same, expecting success. */
  ok(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs any program in this world. */
  sh(command: string, options?: RunOptions & { readonly shell?: readonly string[] }): Promise<RunResult>;
  /** Signs in with an API key that the server knows. */
  signInWithKey(profile?: string): Promise<{ readonly key: string; readonly userId: string }>;
  /** Signs in with an access token that the server issued; no refresh token. */
  signInWithToken(profile?: string): Promise<string>;
  /** Every entry of a service in the keyring, by account, as `secret-tool` sees it. */
  entries(service: string): Promise<Record<string, string>>;
}

/** Makes a world before all tests of the file and takes it down after. */
export function useWorld(options: StandInOptions = {}): World {
  let server: StandIn | undefined;
  let keyring: PrivateKeyring | undefined;
  let home = "";
  const made = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("the world exists inside tests only");
    return value;
  };

  beforeAll(async () => {
    home = mkdtempSync("/tmp/gum-cred-home-");
    server = startStandIn(options);
    keyring = await startPrivateKeyring();
  });
  beforeEach(() => keyring?.whole());
  afterAll(async () => {
    await keyring?.stop();
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const world: World = {
    get server() {
      return made(server);
    },
    get keyring() {
      return made(keyring);
    },
    get home() {
      return home;
    },
    get env() {
      return { HOME: home, ...made(keyring).env };
    },
    run: async (args, extra = {}) => {
      const result = await run(args, { ...extra, env: { ...world.env, ...extra.env } });
      expect(result.stderr).not.toContain("EXAMPLE");
      return result;
    },
    ok: async (args, extra) => {
      const result = await world.run(args, extra);
      if (result.code !== 0)
        throw new Error(`gum-cred ${args[0]} ended with ${result.code}: ${result.stderr}`);
      return result;
    },
    sh: (command, { shell = ["sh", "-c"], ...extra } = {}) =>
      run([command], { ...extra, program: shell, env: { ...world.env, ...extra.env } }),
    signInWithKey: async (profile = "default") => {
      const { key, userId } = made(server).addApiKey();
      await world.ok(
        [
          "login",
          "--api-key",
          "-",
          "--user-id",
          userId,
          "--base-url",
          made(server).baseUrl,
          "--profile",
          profile,
        ],
        { stdin: key },
      );
      return { key, userId };
    },
    signInWithToken: async (profile = "default") => {
      const { accessToken } = made(server).issueTokens();
      const args = ["login", "--access-token", "-", "--base-url", made(server).baseUrl, "--profile", profile];
      await world.ok(args, { stdin: accessToken });
      return accessToken;
    },
    entries: async (service) => {
      const { stdout, stderr } = await world.sh(`secret-tool search --all service ${service}`);
      return parseSecretTool(stdout + stderr);
    },
  };
  return world;
}

/** `secret-tool search` prints secrets on stdout and attributes on stderr, item by item in the same order. */
function parseSecretTool(text: string): Record<string, string> {
  const values = [...text.matchAll(/^secret = (.*)$/gm)].map((match) => match[1] ?? "");
  const names = [...text.matchAll(/^attribute\.username = (.*)$/gm)].map((match) => match[1] ?? "");
  const entries: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    if (entries[name] !== undefined) throw new Error(`${name} is stored twice`);
    entries[name] = values[index] ?? "";
  }
  return entries;
}
