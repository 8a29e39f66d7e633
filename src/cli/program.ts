/** Every command there is, in the order that help shows them. */
import type { Command } from "./command.ts";
import { credits } from "./commands/credits.ts";
import { doctor } from "./commands/doctor.ts";
import { env } from "./commands/env.ts";
import { exec } from "./commands/exec.ts";
import { explain } from "./commands/explain.ts";
import { get } from "./commands/get.ts";
import { header } from "./commands/header.ts";
import { keysRemove, keysRotate, keysSet } from "./commands/keys.ts";
import { keysImport } from "./commands/keys-import.ts";
import { keysList, keysVerify } from "./commands/keys-list.ts";
import { login } from "./commands/login.ts";
import { logout } from "./commands/logout.ts";
import { pluginsCheck, pluginsList, pluginsNew } from "./commands/plugins.ts";
import { pluginsAdd, pluginsRemove, pluginsTrust } from "./commands/plugins-change.ts";
import { policyCheck, policyShow } from "./commands/policy.ts";
import { providers } from "./commands/providers.ts";
import { status } from "./commands/status.ts";

export const COMMANDS: readonly Command[] = [
  login,
  logout,
  status,
  explain,
  env,
  exec,
  get,
  header,
  keysSet,
  keysList,
  keysRemove,
  keysVerify,
  keysImport,
  keysRotate,
  policyShow,
  policyCheck,
  providers,
  pluginsList,
  pluginsAdd,
  pluginsTrust,
  pluginsRemove,
  pluginsNew,
  pluginsCheck,
  doctor,
  credits,
];
