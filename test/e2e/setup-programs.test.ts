/**
 * The real programs, set up by `setup`: each must send the key that gum-cred has to a server on this machine, which
 * refuses. Programs that are not installed are left out (test/support/other-programs.ts says where they are looked for).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gumCred } from "../support/binary.ts";
import { otherProgram, pathOfPrograms } from "../support/other-programs.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const KEYS = {
  anthropic: "sk-ant-api03-EXAMPLE-0123456789",
  openai: "sk-proj-EXAMPLE-0123456789",
  google: "AQ.EXAMPLE-0123456789",
} as const;

let seen: string[] = [];
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  fetch(request) {
    const { headers } = request;
    const bearer = headers.get("authorization")?.replace(/^Bearer /, "");
    seen.push(bearer ?? headers.get("x-api-key") ?? headers.get("x-goog-api-key") ?? "none");
    // A status at which none of them tries again: 400, and Anthropic's header.
    const error = { type: "invalid_request_error", message: "the stub refuses", code: 400 };
    return Response.json({ error }, { status: 400, headers: { "x-should-retry": "false" } });
  },
});
const origin = server.url.origin;
let home = "";

beforeAll(async () => {
  for (const [id, key] of Object.entries(KEYS)) {
    await world.ok(["keys", "set", id, "--key", "-", "--no-verify"], { stdin: key });
  }
});
beforeEach(() => {
  seen = [];
  home = mkdtempSync("/tmp/gum-cred-programs-");
  mkdirSync(`${home}/project`);
});
afterAll(async () => {
  await server.stop(true);
  rmSync(home, { recursive: true, force: true });
});

/** Sets a program up in a home of its own and runs it there. */
async function setUpAndRun(program: string, command: string, env: Record<string, string>) {
  const own = {
    ...env,
    HOME: home,
    XDG_CONFIG_HOME: "",
    XDG_STATE_HOME: "",
    PATH: `${dirname(await gumCred())}:${pathOfPrograms}`,
    NO_PROXY: "127.0.0.1",
  };
  const result = await world.ok(["setup", program, "--write", "--json"], { env: own });
  const { start } = JSON.parse(result.stdout);
  const line = start === null ? command : `${start.replace(/ -- \S+$/, " --")} ${command}`;
  return world.sh(`cd '${home}/project' && timeout 60 ${line} </dev/null`, { env: own, timeoutMs: 90_000 });
}

const CASES: readonly (readonly [
  program: string,
  command: string,
  key: string,
  env: Record<string, string>,
])[] = [
  ["claude", "claude -p hi", KEYS.anthropic, { ANTHROPIC_BASE_URL: origin }],
  ["codex", "codex exec --skip-git-repo-check hi", KEYS.openai, { OPENAI_BASE_URL: `${origin}/v1` }],
  ["gemini", "gemini --skip-trust -p hi", KEYS.google, { GOOGLE_GEMINI_BASE_URL: origin }],
  [
    "opencode",
    "opencode run -m anthropic/claude-sonnet-4-5 hi",
    KEYS.anthropic,
    { ANTHROPIC_BASE_URL: `${origin}/v1` },
  ],
  ["llm", "llm -m gpt-4o hi", KEYS.openai, { OPENAI_BASE_URL: `${origin}/v1` }],
];

describe.each(CASES)("%s", (program, command, key, env) => {
  test.if(otherProgram(program) !== null)(
    "sends the key that gum-cred has",
    async () => {
      const { stdout, stderr } = await setUpAndRun(program, command, env);
      expect([program, [...new Set(seen)].filter((one) => one !== "none"), stdout + stderr]).toEqual([
        program,
        [key],
        expect.not.stringContaining("EXAMPLE"),
      ]);
    },
    120_000,
  );
});

describe("direnv", () => {
  const direnv = otherProgram("direnv");
  test.if(direnv !== null)("exports inside the folder, and again only after a change", async () => {
    const env = {
      HOME: home,
      XDG_CONFIG_HOME: "",
      XDG_STATE_HOME: `${home}/state`,
      XDG_DATA_HOME: `${home}/data`,
    };
    await world.ok(["setup", "direnv", "--write"], { env });
    const folder = `${home}/project`;
    writeFileSync(`${folder}/.envrc`, "use gum_cred openai\necho evaluated >&2\n");
    const allow = await world.sh(`cd ${folder} && direnv allow`, { env });
    expect(allow.code).toBe(0);
    const script = `cd ${folder}; eval "$(direnv export bash)"; echo "1 $OPENAI_API_KEY"
      eval "$(direnv export bash)"; echo "2 $OPENAI_API_KEY"
      printf %s "${KEYS.openai}-new" | gum-cred keys set openai --key - --no-verify >/dev/null
      eval "$(direnv export bash)"; echo "3 $OPENAI_API_KEY"
      cd /; eval "$(direnv export bash)"; echo "4 \${OPENAI_API_KEY-gone} \${GUM_CRED_EXPORTED-gone}"`;
    const { stdout, stderr } = await world.sh(script, { env, shell: ["bash", "-c"] });
    expect(stdout).toBe(`1 ${KEYS.openai}\n2 ${KEYS.openai}\n3 ${KEYS.openai}-new\n4 gone gone\n`);
    expect(stderr.match(/^evaluated$/gm)).toHaveLength(2);
    await world.ok(["keys", "set", "openai", "--key", "-", "--no-verify"], { stdin: KEYS.openai });
  });

  test.if(direnv !== null)(
    "fails with a word where there is no key, and the rest of .envrc goes on",
    async () => {
      const env = { HOME: home, XDG_CONFIG_HOME: "", XDG_DATA_HOME: `${home}/data` };
      await world.ok(["setup", "direnv", "--write"], { env });
      writeFileSync(`${home}/project/.envrc`, "use gum_cred deepseek || true\nexport OTHER=1\n");
      const script = `cd ${home}/project; direnv allow; eval "$(direnv export bash)"; echo "$OTHER \${DEEPSEEK_API_KEY-none}"`;
      const { stdout, stderr } = await world.sh(script, { env, shell: ["bash", "-c"] });
      expect(stdout).toBe("1 none\n");
      expect(stderr).toContain("gum-cred failed (3)");
    },
  );

  test.if(direnv !== null)(
    "does not wait for ever",
    async () => {
      const slow = `${home}/bin`;
      mkdirSync(slow);
      writeFileSync(`${slow}/gum-cred`, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
      const env = { HOME: home, XDG_CONFIG_HOME: "", XDG_DATA_HOME: `${home}/data` };
      await world.ok(["setup", "direnv", "--write"], { env });
      writeFileSync(`${home}/project/.envrc`, "use gum_cred openai || true\nexport OTHER=1\n");
      const script = `cd ${home}/project; direnv allow; PATH=${slow}:$PATH; eval "$(direnv export bash)"; echo "$OTHER"`;
      const started = performance.now();
      const { stdout, stderr } = await world.sh(script, { env, shell: ["bash", "-c"], timeoutMs: 40_000 });
      expect([stdout, stderr]).toEqual(["1\n", expect.stringContaining("did not answer within 15 s")]);
      expect(performance.now() - started).toBeLessThan(25_000);
    },
    60_000,
  );
});
