/** Every command there is, in the order that help shows them. */
import type { Command } from "./command.ts";
import { env } from "./commands/env.ts";
import { exec } from "./commands/exec.ts";
import { explain } from "./commands/explain.ts";
import { get } from "./commands/get.ts";
import { header } from "./commands/header.ts";
import { login } from "./commands/login.ts";
import { logout } from "./commands/logout.ts";
import { status } from "./commands/status.ts";

export const COMMANDS: readonly Command[] = [login, logout, status, explain, env, exec, get, header];
