/** Every command's declaration, which is loaded when it is needed: a run needs one of them, help and completions all. */
import { type Command, commandOf, type Declaration, type Entry } from "./command.ts";
import { env } from "./commands/env.ts";
import { exec } from "./commands/exec.ts";
import { type CommandName, GROUPS } from "./overview.ts";

/** Those of every shell start are part of the start. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Declaration>>> = {
  login: async () => (await import("./commands/login.ts")).login,
  logout: async () => (await import("./commands/logout.ts")).logout,
  status: async () => (await import("./commands/status.ts")).status,
  refresh: async () => (await import("./commands/refresh.ts")).refresh,
  profiles: async () => (await import("./commands/profiles/list.ts")).profiles,
  "profiles list": async () => (await import("./commands/profiles/list.ts")).profiles,
  "profiles use": async () => (await import("./commands/profiles/use.ts")).profilesUse,
  teams: async () => (await import("./commands/teams.ts")).teams,
  explain: async () => (await import("./commands/explain.ts")).explain,
  env: async () => env,
  exec: async () => exec,
  broker: async () => (await import("./commands/broker.ts")).broker,
  get: async () => (await import("./commands/get.ts")).get,
  hook: async () => (await import("./commands/hook.ts")).hook,
  header: async () => (await import("./commands/header.ts")).header,
  "keys set": async () => (await import("./commands/keys/set.ts")).keysSet,
  "keys list": async () => (await import("./commands/keys/list.ts")).keysList,
  "keys remove": async () => (await import("./commands/keys/remove.ts")).keysRemove,
  "keys verify": async () => (await import("./commands/keys/verify.ts")).keysVerify,
  "keys import": async () => (await import("./commands/keys/import.ts")).keysImport,
  "keys usage": async () => (await import("./commands/keys/usage.ts")).keysUsage,
  "keys rotate": async () => (await import("./commands/keys/rotate.ts")).keysRotate,
  "policy show": async () => (await import("./commands/policy/show.ts")).policyShow,
  "policy check": async () => (await import("./commands/policy/check.ts")).policyCheck,
  redact: async () => (await import("./commands/redact.ts")).redact,
  providers: async () => (await import("./commands/providers.ts")).providers,
  "plugins list": async () => (await import("./commands/plugins/list.ts")).pluginsList,
  "plugins add": async () => (await import("./commands/plugins/add.ts")).pluginsAdd,
  "plugins trust": async () => (await import("./commands/plugins/trust.ts")).pluginsTrust,
  "plugins remove": async () => (await import("./commands/plugins/remove.ts")).pluginsRemove,
  "plugins new": async () => (await import("./commands/plugins/new.ts")).pluginsNew,
  "plugins check": async () => (await import("./commands/plugins/check.ts")).pluginsCheck,
  keychain: async () => (await import("./commands/keychain/show.ts")).keychain,
  "keychain unlock": async () => (await import("./commands/keychain/unlock.ts")).keychainUnlock,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  completion: async () => (await import("./commands/completion.ts")).completionOf(allCommands),
  setup: async () => (await import("./commands/setup.ts")).setup,
  credits: async () => (await import("./commands/credits.ts")).credits,
};

/** Every command, in the order in which help shows them. */
export const PROGRAM: readonly Entry[] = allEntries();

/** Loops: the first flatMap and the first map of a run take it a tenth of a millisecond. */
function allEntries(): Entry[] {
  const entries: Entry[] = [];
  for (const { commands } of GROUPS) {
    for (const [name, summary] of commands) entries.push({ name, summary, load: LOADERS[name] });
  }
  return entries;
}

/** Every command, with all declarations. */
export function allCommands(): Promise<readonly Command[]> {
  return Promise.all(PROGRAM.map(commandOf));
}
