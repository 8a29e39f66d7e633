/** Makes a command's context from its global flags and the process: the one place where ports become real. */

import { type BaseUrl, parseBaseUrl } from "../core/base-url.ts";
import { profileToRenew } from "../core/choices.ts";
import { type Environment, type RawEnvironment, readEnvironment } from "../core/environment.ts";
import { clean, cleanLines, fail } from "../core/errors.ts";
import { chosenProfile } from "../gumloop/default-profile.ts";
import { profileName } from "../gumloop/stored.ts";
import { changeStampPath, withChangeStamp } from "../keychain/change-stamp.ts";
import { openKeychain } from "../keychain/choose.ts";
import type { Keychain } from "../keychain/keychain.ts";
import { patientKeychain } from "../keychain/patience.ts";
import { keychainPossible } from "../keychain/possible.ts";
import { SLOW_MS } from "../os/deadline.ts";
import { sha256 } from "../os/digest.ts";
import { isTerminal } from "../os/streams/is-terminal.ts";
import { writeErr, writeOut } from "../os/streams/standard-streams.ts";
import { installedProviders } from "../providers/installed/installed-providers.ts";
import type { Policy } from "../resolve/policy.ts";
import { readPolicy } from "../resolve/policy-file.ts";
import type { Ports, Scope } from "../resolve/ports.ts";
import type { Context, Globals, Input } from "./command.ts";
import { advice } from "./hints.ts";

/** All operations of a run on the keychain together may take so long. */
const KEYCHAIN_TIMEOUT_MS = 5_000;

/** Throws E_INVALID_VALUE and E_BASE_URL_REFUSED for flags and variables that make no sense. */
export function makeContext(input: Input, globals: Globals, raw: RawEnvironment): Context {
  const environment = readEnvironment(raw, sha256);
  let scope: Scope | undefined;
  return {
    ports: makePorts(environment, raw, globals),
    globals,
    // Read when a command asks for it: completions need none, and doctor says what is wrong with it.
    get scope() {
      scope ??= readScope(input, environment, raw);
      return scope;
    },
  };
}

function readScope(input: Input, environment: Environment, raw: RawEnvironment): Scope {
  const earlier = input.has("renew") ? profileToRenew(raw) : null;
  const named = given(input, "profile") ?? earlier ?? environment.get("GUM_CRED_PROFILE");
  return {
    profile: profileName(named ?? chosenProfile(raw, warn) ?? "default"),
    profileNamed: named !== null,
    baseUrl: readBaseUrl(given(input, "base-url") ?? environment.get("GUMLOOP_BASE_URL")),
    baseUrlFlag: readBaseUrl(given(input, "base-url")),
    teamId: readTeamId(given(input, "team-id") ?? environment.get("GUMLOOP_TEAM_ID")),
  };
}

/** A flag's value; an empty one is a mistake, unlike an empty variable. */
function given(input: Input, name: string): string | null {
  const value = input.flag(name);
  if (value === "") throw fail("E_INVALID_VALUE", `--${name} is empty`);
  return value;
}

function readBaseUrl(text: string | null): BaseUrl | null {
  return text === null ? null : parseBaseUrl(text);
}

function readTeamId(text: string | null): string | null {
  if (text !== null && !/^[A-Za-z0-9._~-]{1,128}$/.test(text)) {
    throw fail("E_INVALID_VALUE", "a team id is made of letters, digits, '.', '_', '~' and '-'");
  }
  return text;
}

function makePorts(environment: Environment, raw: RawEnvironment, globals: Globals): Ports {
  let keychain: Promise<Keychain> | undefined;
  let policy: Promise<Policy> | undefined;
  const started = performance.now();
  return {
    environment,
    raw,
    installed: installedProviders(raw, warn),
    digest: sha256,
    policy: () => {
      policy ??= readPolicy(raw);
      return policy;
    },
    now: Date.now,
    processes: async (matches) => (await import("../os/process/running.ts")).runningProcesses(matches),
    memory: { refreshSent: false },
    keychain: () => {
      keychain ??= keychainFor(raw, globals);
      return keychain;
    },
    keychainPossible: () => keychainPossible(raw),
    keychainOpened: () => keychain !== undefined,
    lock: async (name, timeoutMs) => {
      const { acquireLock, lockFolder } = await import("../os/files/lock.ts");
      return acquireLock(lockFolder(raw), name, timeoutMs);
    },
    busy: async (what, work) => {
      if (globals.quiet) return work;
      const { showProgress } = await import("../os/streams/progress.ts");
      // Who asks for JSON waits in silence for as long as a person can be left without a word.
      return globals.json ? showProgress(what, work, SLOW_MS) : showProgress(what, work);
    },
    print: (line) => writeOut(`${cleanLines(line)}\n`),
    debug: (line) => {
      if (globals.debug) writeErr(`debug: ${(performance.now() - started).toFixed(1)} ms: ${clean(line)}\n`);
    },
    note: (line) => {
      // With --json stderr is one object for who parses it; a person at a terminal is told.
      if (!globals.quiet && (!globals.json || isTerminal(2)))
        writeErr(`${cleanLines(advice().line(line))}\n`);
    },
    warn,
  };
}

function warn(line: string): void {
  writeErr(`gum-cred: warning: ${cleanLines(advice().line(line))}\n`);
}

async function keychainFor(raw: RawEnvironment, { quiet }: Globals): Promise<Keychain> {
  let told = quiet;
  const keychain = patientKeychain(openKeychain, KEYCHAIN_TIMEOUT_MS, () => {
    if (!told && isTerminal(2)) writeErr("Waiting for the keychain …\n");
    told = true;
  });
  const stamp = changeStampPath(raw);
  return stamp === null ? keychain : withChangeStamp(keychain, stamp);
}
