/** The agents that are known by their program's name. */
import type { Agent } from "./agent.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";

const AGENTS: readonly Agent[] = [claude, codex, gemini, opencode];

/** The agent that a command starts; null for every other program. */
export function agentOf(command: string): Agent | null {
  const name = command.slice(command.lastIndexOf("/") + 1);
  return AGENTS.find(({ names }) => names.includes(name)) ?? null;
}
