/**
 * Every command there is, in the order that help shows them. A declaration is loaded when it is needed: a run
 * needs one of them, help and completions all. Those of every shell start are part of the start.
 */
import type { Command } from "./command.ts";
import { env } from "./commands/env.ts";
import { exec } from "./commands/exec.ts";

export interface Entry {
  /** As typed: `login`, `keys set`. The same as the declaration's. */
  readonly name: string;
  load(): Promise<Command>;
}

export const PROGRAM: readonly Entry[] = [
  { name: "login", load: async () => (await import("./commands/login.ts")).login },
  { name: "logout", load: async () => (await import("./commands/logout.ts")).logout },
  { name: "status", load: async () => (await import("./commands/status.ts")).status },
  { name: "refresh", load: async () => (await import("./commands/refresh.ts")).refresh },
  { name: "profiles", load: async () => (await import("./commands/profiles/list.ts")).profiles },
  { name: "profiles list", load: async () => (await import("./commands/profiles/list.ts")).profilesList },
  { name: "profiles use", load: async () => (await import("./commands/profiles/use.ts")).profilesUse },
  { name: "teams", load: async () => (await import("./commands/teams.ts")).teams },
  { name: "explain", load: async () => (await import("./commands/explain.ts")).explain },
  { name: "env", load: async () => env },
  { name: "exec", load: async () => exec },
  { name: "broker", load: async () => (await import("./commands/broker.ts")).broker },
  { name: "get", load: async () => (await import("./commands/get.ts")).get },
  { name: "hook", load: async () => (await import("./commands/hook.ts")).hook },
  { name: "header", load: async () => (await import("./commands/header.ts")).header },
  { name: "keys set", load: async () => (await import("./commands/keys/set.ts")).keysSet },
  { name: "keys list", load: async () => (await import("./commands/keys/list.ts")).keysList },
  { name: "keys remove", load: async () => (await import("./commands/keys/remove.ts")).keysRemove },
  { name: "keys verify", load: async () => (await import("./commands/keys/verify.ts")).keysVerify },
  { name: "keys import", load: async () => (await import("./commands/keys/import.ts")).keysImport },
  { name: "keys usage", load: async () => (await import("./commands/keys/usage.ts")).keysUsage },
  { name: "keys rotate", load: async () => (await import("./commands/keys/rotate.ts")).keysRotate },
  { name: "policy show", load: async () => (await import("./commands/policy/show.ts")).policyShow },
  { name: "policy check", load: async () => (await import("./commands/policy/check.ts")).policyCheck },
  { name: "redact", load: async () => (await import("./commands/redact.ts")).redact },
  { name: "providers", load: async () => (await import("./commands/providers.ts")).providers },
  { name: "plugins list", load: async () => (await import("./commands/plugins/list.ts")).pluginsList },
  { name: "plugins add", load: async () => (await import("./commands/plugins/add.ts")).pluginsAdd },
  { name: "plugins trust", load: async () => (await import("./commands/plugins/trust.ts")).pluginsTrust },
  { name: "plugins remove", load: async () => (await import("./commands/plugins/remove.ts")).pluginsRemove },
  { name: "plugins new", load: async () => (await import("./commands/plugins/new.ts")).pluginsNew },
  { name: "plugins check", load: async () => (await import("./commands/plugins/check.ts")).pluginsCheck },
  { name: "keychain", load: async () => (await import("./commands/keychain/show.ts")).keychain },
  {
    name: "keychain unlock",
    load: async () => (await import("./commands/keychain/unlock.ts")).keychainUnlock,
  },
  { name: "doctor", load: async () => (await import("./commands/doctor.ts")).doctor },
  {
    name: "completion",
    load: async () => (await import("./commands/completion.ts")).completionOf(allCommands),
  },
  { name: "setup", load: async () => (await import("./commands/setup.ts")).setup },
  { name: "credits", load: async () => (await import("./commands/credits.ts")).credits },
];

/** Every declaration. */
export function allCommands(): Promise<readonly Command[]> {
  return Promise.all(PROGRAM.map((entry) => entry.load()));
}
