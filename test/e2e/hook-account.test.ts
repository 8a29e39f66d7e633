/** `gum-cred hook` beside an `env` with choices of its own: it renews that account's credential and never moves to another. */
import { beforeAll, describe, expect, test } from "bun:test";
import { NUSHELL } from "../support/nushell.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let token = "";
let plain = { key: "", userId: "" };
beforeAll(async () => {
  plain = await world.signInWithKey();
  token = await world.signInWithToken("br");
});

interface Shell {
  readonly shell: readonly string[];
  readonly hook: string;
  readonly prompt: string;
  /** The next prompt is one at which the token is about to expire. */
  readonly later: string;
  readonly env: (flags: string) => string;
  readonly show: string;
}

const posix = {
  later: "GUM_CRED_EXPIRES=1; _gum_cred_next=1",
  env: (flags: string) => `eval $(gum-cred env ${flags})`,
  show: `echo "<\${GUMLOOP_ACCESS_TOKEN-}|\${GUMLOOP_API_KEY-}>"`,
};
const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    ...posix,
    shell: ["bash", "--norc", "-uc"],
    hook: 'eval "$(gum-cred hook bash)"',
    prompt: "_gum_cred_hook",
  },
  zsh: { ...posix, shell: ["zsh", "-fuc"], hook: 'eval "$(gum-cred hook zsh)"', prompt: "_gum_cred_hook" },
  fish: {
    shell: ["fish", "--no-config", "-c"],
    hook: "gum-cred hook fish | source",
    prompt: "emit fish_prompt",
    later: "set -gx GUM_CRED_EXPIRES 1; set -g __gum_cred_next 1",
    env: (flags) => `gum-cred env ${flags} --format fish | source`,
    show: 'echo "<$GUMLOOP_ACCESS_TOKEN|$GUMLOOP_API_KEY>"',
  },
  nushell: {
    shell: [NUSHELL ?? "nu", "--no-config-file", "-c"],
    hook: `source HOOK`,
    prompt: "do --env ($env.config.hooks.pre_prompt | last)",
    later: "$env.GUM_CRED_EXPIRES = '1'; $env.GUM_CRED_HOOK = { next: 1 }",
    env: (flags) => `gum-cred env ${flags} --format nushell | from json | load-env`,
    show: 'print $"<($env.GUMLOOP_ACCESS_TOKEN? | default "")|($env.GUMLOOP_API_KEY? | default "")>"',
  },
};

describe.each(Object.keys(SHELLS).filter((name) => name !== "nushell" || NUSHELL))("%s", (name) => {
  const { shell, hook, prompt, later, env, show } = SHELLS[name] as Shell;
  const seen = async (steps: readonly string[], extra: Record<string, string> = {}) => {
    const path = `${world.home}/hook.${name}`;
    await Bun.write(path, (await world.ok(["hook", name])).stdout);
    const script = steps.join("\n").replace("source HOOK", `source ${path}`);
    const { stdout, stderr } = await world.sh(script, { shell, env: extra });
    expect(stderr).toBe("");
    return stdout.trim().split("\n");
  };
  const default_ = () => `<|${plain.key}>`;
  const br = () => `<${token}|>`;

  test("an env with a profile, before the first prompt and after it, is renewed as it was", async () => {
    expect(await seen([env("--profile br"), hook, prompt, show, later, prompt, show])).toEqual([br(), br()]);
    const after = [hook, prompt, show, env("--profile br"), later, prompt, show, later, prompt, show];
    expect(await seen(after)).toEqual([default_(), br(), br()]);
  });

  test("a shell within that shell stays there, and an env without choices goes back", async () => {
    const nested = await world.ok(["env", "--profile", "br", "--format", "json"]);
    const inherited = JSON.parse(nested.stdout);
    const steps = [hook, prompt, show, env(""), show, later, prompt, show];
    expect(await seen(steps, inherited)).toEqual([br(), default_(), default_()]);
    expect(await seen([hook, prompt, show], { ...inherited, GUM_CRED_PROFILE: "default" })).toEqual([
      default_(),
    ]);
  });
});

describe("env --renew", () => {
  const key = "sk-EXAMPLEpersonal0000000000000";
  beforeAll(async () => {
    await world.ok(["keys", "set", "openai", "--key", "-", "--no-verify"], { stdin: key });
    await world.ok(["keys", "set", "xai", "--key", "-", "--no-verify"], { stdin: "xai-EXAMPLE00000000000" });
    const team = ["--level", "team", "--team-id", "team_1"];
    await world.ok(["keys", "set", "openai", "--key", "-", "--no-verify", ...team], {
      stdin: "sk-EXAMPLEteam0000000000000",
    });
  });
  const after = async (runs: readonly (readonly string[])[], last: readonly string[], extra = {}) => {
    let env: Record<string, string> = extra;
    const step = async (args: readonly string[]) => {
      const { stdout } = await world.ok(["env", ...args, "--format", "json"], { env });
      return JSON.parse(stdout);
    };
    for (const args of runs) env = { ...env, ...(await step(args)) };
    return step(last);
  };

  test.each<[string, readonly (readonly string[])[], (found: Record<string, string>) => unknown, unknown]>([
    ["nothing chosen", [[]], (found) => found["OPENAI_API_KEY"], key],
    ["names", [["gumloop"]], (found) => found["OPENAI_API_KEY"], undefined],
    [
      "names, one after the other",
      [["gumloop"], ["openai"]],
      (found) => [found["OPENAI_API_KEY"], found["XAI_API_KEY"]].join(),
      `${key},`,
    ],
    ["all and then names", [[], ["gumloop"]], (found) => found["XAI_API_KEY"], "xai-EXAMPLE00000000000"],
    [
      "a level, then names of others",
      [["openai", "--level", "personal"], ["gumloop"]],
      (found) => found["OPENAI_API_KEY"],
      undefined,
    ],
    ["a level", [["openai", "--level", "personal"]], (found) => found["OPENAI_API_KEY"], undefined],
    ["--sdk", [["--sdk"]], (found) => found["GUMLOOP_ACCESS_TOKEN"] !== undefined, true],
    [
      "a profile, then names of others",
      [["--profile", "br"], ["openai"]],
      (found) => found["GUMLOOP_API_KEY"],
      undefined,
    ],
    ["choices, then none", [["gumloop", "--sdk"], []], (found) => found["OPENAI_API_KEY"], key],
  ])("after %s", async (_, runs, look, expected) => {
    expect(look(await after(runs, ["--renew"]))).toBe(expected as never);
    expect(look(await after([...runs, ["--renew"]], ["--renew"]))).toBe(expected as never);
  });

  test.each([[], ["gumloop"], ["openai"]])(
    "without a choice the marker is names and hashes: env %s",
    async (...names) => {
      const { stdout } = await world.ok(["env", ...names, "--format", "json"]);
      expect(JSON.parse(stdout).GUM_CRED_EXPORTED).toMatch(/^[A-Z_]+:[0-9a-f]{12}(,[A-Z_]+:[0-9a-f]{12})*$/);
    },
  );

  test("a profile that a variable named for one run stays, and the marker holds no value", async () => {
    const { stdout } = await world.ok(["env", "--format", "json"], { env: { GUM_CRED_PROFILE: "br" } });
    const exported = JSON.parse(stdout);
    expect(exported.GUM_CRED_EXPORTED).toMatch(/^([A-Z_]+:[0-9a-f]{12},)+profile:br:br$/);
    const again = await world.ok(["env", "--renew", "--format", "json"], { env: exported });
    expect(JSON.parse(again.stdout).GUMLOOP_ACCESS_TOKEN).toBe(token);
  });

  test.each([
    [["openai"], "a provider"],
    [["--sdk"], "--sdk"],
    [["--profile", "br"], "--profile"],
  ])("with %p it is a usage error", async (args, what) => {
    const { code, stdout, stderr } = await world.run(["env", "--renew", ...args]);
    expect([code, stdout]).toEqual([2, "(exit 2);\n"]);
    expect(stderr).toContain(`cannot be combined with ${what}`);
  });
});
