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
  const keys = { default: "sk-EXAMPLEpersonal0000000000000", br: "sk-EXAMPLEbr00000000000000000" };
  const other = "sk-EXAMPLEother000000000000000";
  beforeAll(async () => {
    const set = (key: string, ...args: readonly string[]) =>
      world.ok(["keys", "set", ...args, "--key", "-", "--no-verify"], { stdin: key });
    await set(keys.default, "openai");
    await set(keys.br, "openai", "--profile", "br");
    await set("sk-EXAMPLEteam0000000000000", "openai", "--level", "team", "--team-id", "team_1");
    await Bun.write(`${world.home}/key`, other);
    await world.signInWithKey("empty");
  });
  const NAMES = [
    ...["GUMLOOP_ACCESS_TOKEN", "GUMLOOP_API_KEY", "GUMLOOP_USER_ID", "GUMLOOP_BASE_URL"],
    ...["OPENAI_API_KEY", "XAI_API_KEY"],
  ];
  const env = (args: string) => `eval $(gum-cred env ${args})`;
  const dump = `for name in ${NAMES.join(" ")}; do eval "echo "$name=\\$\{$name-}""; done`;
  /** The shell's variables after these commands, and again after a renewal. */
  const renewed = async (commands: readonly string[]) => {
    const renew = [env("--renew"), env("--renew")];
    const script = ["set -e", ...commands, dump, "echo --", ...renew, dump].join("\n");
    const { stdout, stderr } = await world.sh(script, { shell: ["dash", "-c"], env: { WORLD: world.home } });
    expect(stderr).toBe("");
    return stdout.split("--\n");
  };

  test.each<[commands: readonly string[]]>([
    [[env("")]],
    [[env("gumloop")]],
    [[env("openai")]],
    [[env("--sdk")]],
    [[env("gumloop"), env("openai")]],
    [[env(""), env("openai --profile br")]],
    [[env("openai --profile br")]],
    [[env("--profile br"), env("gumloop")]],
    [[env("--profile br"), env("openai --profile default")]],
    [[env("gumloop --profile br"), env("openai")]],
    [[env("--profile br"), env("openai")]],
    [
      [
        "GUM_CRED_PROFILE=br",
        "export GUM_CRED_PROFILE",
        env("openai"),
        "unset GUM_CRED_PROFILE",
        env("gumloop"),
      ],
    ],
    [[env("--profile empty"), env("openai")]],
    [[env("gumloop"), env("openai --level team --team-id team_1")]],
    [[env("openai --level personal"), env("gumloop")]],
    [[env("gumloop"), `eval $(GUMLOOP_TEAM_ID=team_1 gum-cred env openai)`]],
    [[env("gumloop"), `eval $(GUM_CRED_ORG_OPENAI_API_KEY=${other} gum-cred env openai)`]],
    [[env("gumloop"), `eval $(OPENAI_API_KEY_FILE=$WORLD/key gum-cred env openai)`]],
    [[env(""), `OPENAI_API_KEY=${other}`]],
    [[env(""), env("--unset openai")]],
    [[env(""), env("--unset gumloop")]],
    [[env(""), "unset GUMLOOP_API_KEY GUMLOOP_USER_ID GUMLOOP_BASE_URL"]],
    [[env("gumloop"), "GUMLOOP_API_KEY=mine GUMLOOP_USER_ID=me"]],
    [[env("openai"), `OPENAI_API_KEY=${other}`]],
  ])("after %j leaves every account as it was", async (commands) => {
    const [before, after] = await renewed(commands);
    expect(before).toMatch(/=./);
    expect(after).toBe(before);
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
