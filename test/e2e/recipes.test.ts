/**
 * docs/recipes.md, run: its files are written and its commands run, with stand-ins for docker, kubectl and the like that
 * note what they were given. A recipe without a row here, or a row without a recipe, fails.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readJsonc } from "../../src/app/setup/jsonc.ts";
import { pathWithGumCred } from "../support/binary.ts";
import { otherProgram } from "../support/other-programs.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const OPENAI = "sk-proj-EXAMPLE-0123456789";
const ANTHROPIC = "sk-ant-api03-EXAMPLE-0123456789";
const GOOGLE = "AQ.EXAMPLE-0123456789";
const STAND_INS = ["docker", "kubectl", "systemd-creds", "code", "gemini", "opencode", "llm", "aider", "npm"];

interface Block {
  readonly language: string;
  /** `run`, or the path of a file. */
  readonly what: { readonly run: true } | { readonly file: string };
  readonly text: string;
}

/** The code blocks of the page, by recipe. */
function recipes(): ReadonlyMap<string, readonly Block[]> {
  const sections = readFileSync("docs/recipes.md", "utf8").split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const title = section.split("\n", 1)[0] ?? "";
      const blocks = [...section.matchAll(/^```(\w+) (run|file=(\S+))\n([\s\S]*?)^```$/gm)];
      expect([title, blocks.length]).toEqual([title, (section.match(/^```\w/gm) ?? []).length]);
      return [
        title,
        blocks.map(([, language = "", what, file = "", text = ""]) => {
          return { language, what: what === "run" ? { run: true } : { file }, text };
        }),
      ] as const;
    }),
  );
}

let root = "";
let home = "";
let work = "";
let userId = "";
beforeAll(async () => {
  for (const [id, key] of [
    ["openai", OPENAI],
    ["anthropic", ANTHROPIC],
    ["google", GOOGLE],
  ] as const) {
    await world.ok(["keys", "set", id, "--key", "-", "--no-verify"], { stdin: key });
  }
  ({ userId } = await world.signInWithKey());
});
beforeEach(() => {
  root = mkdtempSync("/tmp/gum-cred-recipes-");
  home = `${root}/home`;
  work = `${home}/work`;
  mkdirSync(work, { recursive: true });
  mkdirSync(`${root}/bin`);
  // Notes its arguments, its keys, stdin where it is a pipe, and the files that its arguments name.
  const noting = `#!/bin/sh
name=$(basename "$0")
{ echo "ran $name $*"; env | grep -E '^(OPENAI|ANTHROPIC|GEMINI|GUMLOOP|LOG)_' | sort; } >> '${root}/noted'
for word in "$@"; do case $word in --from-file=*=*) echo "file $(cat "\${word##*=}")" >> '${root}/noted';; esac; done
if [ -p /dev/stdin ]; then echo "stdin $(cat)" >> '${root}/noted'; fi
`;
  for (const name of [...STAND_INS, "agent", "nightly.sh", "agent.sh"]) {
    writeFileSync(`${root}/bin/${name}`, noting);
    chmodSync(`${root}/bin/${name}`, 0o755);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const env = () => ({
  HOME: home,
  XDG_CONFIG_HOME: "",
  XDG_STATE_HOME: "",
  PATH: `${root}/bin:${pathWithGumCred()}`,
});
const sh = async (script: string, extra: Record<string, string> = {}) => {
  const result = await world.sh(`cd '${work}'\n${script}`, { env: { ...env(), ...extra } });
  expect([script, result.code, result.stderr]).toEqual([script, 0, expect.any(String)]);
  return result;
};
const noted = () => readFileSync(`${root}/noted`, "utf8");

/** Writes a recipe's files and runs its commands, in order. */
async function carryOut(blocks: readonly Block[]): Promise<void> {
  for (const { what, text } of blocks) {
    if ("file" in what) {
      mkdirSync(dirname(`${work}/${what.file}`), { recursive: true });
      writeFileSync(`${work}/${what.file}`, text);
    } else await sh(text);
  }
}

const fileOf = (blocks: readonly Block[], name: string): string => {
  const block = blocks.find(({ what }) => "file" in what && what.file === name);
  if (!block) throw new Error(`the recipe has no ${name}`);
  return block.text;
};

type Check = (blocks: readonly Block[]) => void | Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  "docker compose": (blocks) => {
    expect(noted()).toBe(`ran docker compose up\nOPENAI_API_KEY=${OPENAI}\n`);
    const compose = Bun.YAML.parse(fileOf(blocks, "compose.yaml")) as object;
    expect(compose).toMatchObject({
      services: { agent: { secrets: ["openai"] } },
      secrets: { openai: { environment: "OPENAI_API_KEY" } },
    });
  },
  Kubernetes: (blocks) => {
    expect(noted()).toContain(`file ${OPENAI}\n`);
    expect(noted()).toContain("ran kubectl apply -f -");
    expect(noted()).toMatch(/ran kubectl create secret generic llm --from-file=openai=\/\S+ --dry-run/);
    const pod = Bun.YAML.parse(fileOf(blocks, "pod.yaml")) as { kind: string };
    expect(pod).toMatchObject({ kind: "Pod", spec: { volumes: [{ secret: { secretName: "llm" } }] } });
  },
  "systemd credentials": async (blocks) => {
    expect(noted()).toContain(`stdin ${OPENAI}\n`);
    const unit = Object.fromEntries(
      fileOf(blocks, "agent.service")
        .split("\n")
        .map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
    );
    // What systemd does with it: the credential in a folder, %d for the folder, and the command.
    writeFileSync(`${root}/openai`, OPENAI, { mode: 0o400 });
    const [name = "", value = ""] = (unit["Environment"] ?? "").replace("%d", root).split(/=(.*)/);
    const command = (unit["ExecStart"] ?? "").replaceAll("/usr/local/bin/", "");
    await sh(command, { [name]: value, DBUS_SESSION_BUS_ADDRESS: "" });
    expect(noted()).toContain(`ran agent \nOPENAI_API_KEY=${OPENAI}\n`);
  },
  "GitHub Actions": async (blocks) => {
    const workflow = Bun.YAML.parse(fileOf(blocks, ".github/workflows/agent.yml")) as {
      jobs: { agent: { steps: { run?: string; env?: Record<string, string> }[] } };
    };
    const step = workflow.jobs.agent.steps.find(({ run }) => run?.startsWith("gum-cred"));
    expect(Object.keys(step?.env ?? {})).toEqual(["OPENAI_API_KEY"]);
    writeFileSync(`${root}/github-env`, "");
    const { stdout } = await sh(step?.run ?? "", {
      OPENAI_API_KEY: OPENAI,
      GITHUB_ENV: `${root}/github-env`,
    });
    expect(stdout).toContain(`::add-mask::${OPENAI}`);
    expect(readFileSync(`${root}/github-env`, "utf8")).toContain(OPENAI);
  },
  "Dev containers": (blocks) => {
    expect(noted()).toBe(`ran code .\nOPENAI_API_KEY=${OPENAI}\n`);
    const settings = readJsonc(fileOf(blocks, ".devcontainer/devcontainer.json"));
    expect(settings).toMatchObject({
      remoteEnv: { OPENAI_API_KEY: ["${", "localEnv:OPENAI_API_KEY}"].join("") },
    });
  },
  cron: async (blocks) => {
    const [variable = "", job = ""] = fileOf(blocks, "crontab").split("\n");
    expect(variable).toStartWith("DBUS_SESSION_BUS_ADDRESS=");
    // cron gives a job next to nothing.
    const command = job.replace(/^(?:\S+ ){5}/, "").replace("./", `${root}/bin/`);
    const bus = world.env["DBUS_SESSION_BUS_ADDRESS"];
    await sh(`exec env -i HOME="$HOME" PATH="$PATH" DBUS_SESSION_BUS_ADDRESS='${bus}' sh -c '${command}'`);
    expect(noted()).toContain(`ran nightly.sh \nOPENAI_API_KEY=${OPENAI}\n`);
  },
  direnv: async () => {
    if (otherProgram("direnv") === null) return;
    const { stdout } = await sh(
      `exec bash -c 'direnv allow; eval "$(direnv export bash)"; echo "$OPENAI_API_KEY"'`,
    );
    expect(stdout).toBe(`${OPENAI}\n`);
  },
  mise: async (blocks) => {
    expect(Bun.TOML.parse(fileOf(blocks, "mise.toml"))).toEqual({
      env: { _: { source: { path: "./.mise/gum-cred.sh", redact: true } } },
    });
    const { stdout } = await sh(`. ./.mise/gum-cred.sh; echo "$OPENAI_API_KEY"`);
    expect(stdout).toBe(`${OPENAI}\n`);
  },
  "Claude Code": async (blocks) => {
    const { apiKeyHelper } = JSON.parse(readFileSync(`${home}/.claude/settings.json`, "utf8"));
    expect((await sh(apiKeyHelper)).stdout).toBe(`${ANTHROPIC}\n`);
    const { headersHelper } = JSON.parse(fileOf(blocks, ".mcp.json")).mcpServers.gumloop;
    expect(JSON.parse((await sh(headersHelper)).stdout)).toMatchObject({ "x-auth-key": userId });
  },
  Codex: async () => {
    const config = Bun.TOML.parse(readFileSync(`${home}/.codex/config.toml`, "utf8")) as {
      model_providers: Record<string, { auth: { command: string; args: string[] } }>;
    };
    const { command, args } = config.model_providers["gum-cred"]?.auth ?? { command: "", args: [] };
    expect((await sh([command, ...args].join(" "))).stdout).toBe(`${OPENAI}\n`);
  },
  "Gemini CLI": () => expect(noted()).toBe(`ran gemini \nGEMINI_API_KEY=${GOOGLE}\n`),
  opencode: () =>
    expect(noted()).toBe(`ran opencode \nANTHROPIC_API_KEY=${ANTHROPIC}\nOPENAI_API_KEY=${OPENAI}\n`),
  llm: () => expect(noted()).toBe(`ran llm Say hi\nOPENAI_API_KEY=${OPENAI}\n`),
  aider: () =>
    expect(noted()).toBe(
      `ran aider --no-auto-commits\nANTHROPIC_API_KEY=${ANTHROPIC}\nOPENAI_API_KEY=${OPENAI}\n`,
    ),
  "A project's .env without a secret in it": () =>
    expect(noted()).toBe(
      `ran npm start\nGUMLOOP_USER_ID=${userId}\nLOG_LEVEL=debug\nOPENAI_API_KEY=${OPENAI}\n`,
    ),
};

describe("docs/recipes.md", () => {
  test("every recipe has its check, and every check its recipe", () => {
    expect([...recipes().keys()]).toEqual(Object.keys(CHECKS));
  });

  test.each(Object.keys(CHECKS))("%s", async (title) => {
    const blocks = recipes().get(title) ?? [];
    expect(blocks).not.toEqual([]);
    await carryOut(blocks);
    await CHECKS[title]?.(blocks);
  });
});
