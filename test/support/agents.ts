/**
 * Real coding agents from npm, installed once into a folder beside the system's temporary files. Null where npm
 * cannot be reached: the tests that need them are then left out, aloud.
 */
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";

export const AGENTS = {
  claude: "@anthropic-ai/claude-code@2.1.328",
  codex: "@openai/codex@0.169.0",
  gemini: "@google/gemini-cli@0.61.0",
  opencode: "opencode-ai@1.18.33",
} as const;

export type AgentName = keyof typeof AGENTS;

const FOLDER = process.env["GUM_CRED_TEST_AGENTS"] ?? `${tmpdir()}/gum-cred-test-agents`;
const INSTALL_MS = 240_000;

/** Path of each agent's program; null for those that cannot be had. */
export function installAgents(): Readonly<Record<AgentName, string | null>> {
  const programs = Object.fromEntries(
    Object.keys(AGENTS).map((name) => [name, `${FOLDER}/node_modules/.bin/${name}`]),
  );
  if (!Object.values(programs).every((path) => existsSync(path))) install();
  return Object.fromEntries(
    Object.entries(programs).map(([name, path]) => [name, existsSync(path) ? path : null]),
  ) as Readonly<Record<AgentName, string | null>>;
}

function install(): void {
  if (Bun.which("npm") === null) return;
  mkdirSync(FOLDER, { recursive: true });
  const flags = ["--prefix", FOLDER, "--no-audit", "--no-fund", "--loglevel", "error"];
  Bun.spawnSync(["npm", "install", ...flags, ...Object.values(AGENTS)], {
    stdio: ["ignore", "ignore", "ignore"],
    timeout: INSTALL_MS,
  });
}
