/** Words that people type, and flags that are checked before anything is asked. */
import { describe, expect, test } from "bun:test";
import { PROGRAM } from "../../src/cli/program.ts";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

/** A word that people type, and the real command. */
const WORDS = [
  ["whoami", "status"],
  ["auth login", "login"],
  ["auth logout", "logout"],
  ["auth status", "status"],
  ["auth refresh", "refresh"],
  ["auth token", "get gumloop"],
  ["auth list", "profiles"],
  ["auth switch", "profiles use"],
  ["ls", "keys list"],
  ["list", "keys list"],
  ["keys ls", "keys list"],
  ["keys add", "keys set"],
  ["keys rm", "keys remove"],
  ["keys delete", "keys remove"],
  ["plugins ls", "plugins list"],
  ["plugins rm", "plugins remove"],
  ["profiles ls", "profiles list"],
  ["run", "exec"],
] as const;
/** Commands that change nothing and need nothing more. */
const RUNNABLE = ["status", "get gumloop", "profiles", "keys list", "plugins list", "profiles list"];

const env = { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE", OPENAI_API_KEY: "sk-EXAMPLE" };
const both = async (typed: string, real: string) =>
  Promise.all([typed, real].map((line) => world.run(line.split(" "), { env })));

describe.each(WORDS)("%s is %s", (typed, real) => {
  test.each([
    ["--help behind it", (word: string) => `${word} --help`],
    ["-h behind it", (word: string) => `${word} -h`],
    ["help before it", (word: string) => `help ${word}`],
    ["--json before it", (word: string) => `--json ${word} --help`],
    ["a flag with a value before it", (word: string) => `--profile work ${word} --help`],
    ["a flag with = before it", (word: string) => `--profile=work --quiet ${word} --help`],
    ["flags among the words", (word: string) => `${word.replace(" ", " --no-input ")} --help`],
  ])("with %s", async (_name, line) => {
    const [one, other] = await both(line(typed), line(real));
    expect(one).toEqual(other as never);
    expect(one?.code).toBe(0);
    expect(one?.stdout).toContain(`gum-cred ${real.split(" ")[0]}`);
  });
});

describe.each(WORDS.filter(([, real]) => RUNNABLE.includes(real)))("%s runs as %s", (typed, real) => {
  test.each([
    ["alone", (word: string) => word],
    ["with --json behind it", (word: string) => `${word} --json`],
    ["with global flags before it", (word: string) => `--json --profile work ${word}`],
  ])("%s", async (_name, line) => {
    const [one, other] = await both(line(typed), line(real));
    expect(one).toEqual(other as never);
    expect(one?.code).toBe(0);
  });
});

test.each([
  ["run -- echo a", "exec -- echo a"],
  ["version", "--version"],
  ["help version", "--version"],
  ["version --json", "--version --json"],
  ["keys help", "keys --help"],
  ["help help", "--help"],
  ["env --format bash", "env --format posix"],
  ["env --format zsh", "env --format posix"],
  ["env --format pwsh", "env --format powershell"],
])("%s is %s", async (typed, real) => {
  const [one, other] = await both(typed, real);
  expect(one).toEqual(other as never);
  expect(one?.code).toBe(0);
});

test("--version --json is one JSON object", async () => {
  const { version, commit } = JSON.parse((await world.ok(["--version", "--json"])).stdout);
  expect((await world.ok(["--version"])).stdout).toBe(`gum-cred ${version} (${commit})\n`);
});

test.each([
  ["gemini", "GEMINI_API_KEY"],
  ["claude", "ANTHROPIC_API_KEY"],
  ["grok", "XAI_API_KEY"],
  ["gpt", "OPENAI_API_KEY"],
  ["Claude", "ANTHROPIC_API_KEY"],
])("%s is a provider everywhere, in references too", async (name, variable) => {
  const vars = { [variable]: "key-EXAMPLE" };
  expect((await world.ok(["get", name], { env: vars })).stdout).toBe("key-EXAMPLE\n");
  expect((await world.ok(["env", name, "--format", "json"], { env: vars })).stdout).toContain("key-EXAMPLE");
  for (const line of [
    ["providers", name],
    ["explain", name],
    ["keys", "list", name],
    ["header", name, "--json"],
  ])
    expect((await world.ok(line, { env: vars })).stdout).not.toBe("");
  if (name !== name.toLowerCase()) return;
  const file = `${world.home}/${name}.env`;
  await Bun.write(file, `KEY=gum://${name}\nAGAIN=gum://${name}/api_key\n`);
  const line = ["exec", "--env-file", file, "--", "sh", "-c", 'echo "$KEY $AGAIN"'];
  expect((await world.ok(line, { env: vars })).stdout).toBe("key-EXAMPLE key-EXAMPLE\n");
});

test.each([
  ["get openal", "did you mean 'openai'?"],
  ["get OPENAI_API_KEY", "did you mean 'openai'?"],
  ["get gum://gpt/api_key", "did you mean 'openai'?"],
  ["env openai anthropic,", "separate providers by spaces: anthropic\n"],
  ["env openai,anthropic", "separate providers by spaces: openai anthropic"],
  ["explain antropic", "did you mean 'anthropic'?"],
  [
    "auth",
    "'gum-cred login', 'gum-cred status', 'gum-cred get gumloop', 'gum-cred refresh' or 'gum-cred logout'",
  ],
  ["auth --help", "'gum-cred login', 'gum-cred status'"],
  ["help auth", "'gum-cred login', 'gum-cred status'"],
  ["auth nonsense", "'gum-cred login', 'gum-cred status'"],
  ["keys", "'keys' needs one of: set, list, remove, verify, import, usage, rotate"],
  ["set openai", "did you mean 'gum-cred keys set'?"],
  ["import .env", "did you mean 'gum-cred keys import'?"],
  ["unlock", "did you mean 'gum-cred keychain unlock'?"],
  ["remove openai", "did you mean 'gum-cred keys remove' or 'gum-cred plugins remove'?"],
  ["signin", "did you mean 'gum-cred login'?"],
  ["token", "did you mean 'gum-cred get gumloop'?"],
  ["constructor", "run 'gum-cred --help'"],
  ["plugins remove openai", "'openai' is built in"],
  ["plugins remove kestrel", "plugin 'kestrel' is not installed"],
  ["statsu", "did you mean 'gum-cred status'?"],
  ["hlep", "did you mean 'gum-cred help'?"],
])("%s: names the right word", async (typed, said) => {
  const { code, stderr } = await world.run(typed.split(" "));
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test("every flag that takes a choice lists them when its value is missing or wrong", async () => {
  for (const entry of PROGRAM) {
    const { name } = entry;
    const { flags, args, rest } = await entry.load();
    const needed = args.filter(({ required }) => required).map(() => "x");
    const behind = rest ? ["--", "true"] : [];
    for (const { name: flag, choices } of flags) {
      if (!choices) continue;
      for (const given of [[`--${flag}`], [`--${flag}`, "--json"], [`--${flag}=`], [`--${flag}=nonsense`]]) {
        const { code, stderr } = await world.run([...name.split(" "), ...needed, ...given, ...behind]);
        expect([name, flag, code === 2 || code === 125]).toEqual([name, flag, true]);
        expect(stderr).toContain(choices.join(", "));
      }
    }
  }
});

test.each([
  ["login --callback-port 0"],
  ["login --timeout x"],
  ["login --profile Not/One"],
  ["login --base-url http://example.com"],
  ["login --method api-key --user-id a\u0020b"],
  ["keys set openai --level team"],
  ["keys set nobody"],
  ["keys set gumloop"],
])("%s is told before anything is asked", async (line) => {
  await world.keyring.lock();
  try {
    const { code, screen } = await onTerminal(line.split(" "), [], { env: world.env });
    expect([2, 6]).toContain(code);
    expect(screen).not.toContain("hidden");
    expect(screen).not.toContain("Number");
  } finally {
    await world.keyring.unlock();
  }
});

describe("what would replace or remove is confirmed on a terminal", () => {
  const sign = (key: string, userId: string) =>
    ["login", "--api-key", key, "--user-id", userId, "--base-url", world.server.baseUrl] as const;

  test("signing in over another session", async () => {
    const { key, userId } = await world.signInWithKey();
    const next = world.server.addApiKey();
    const args = sign(next.key, next.userId);
    const no = await onTerminal(args, [{ wait: "[y/N]: ", type: "\r" }], { env: world.env });
    expect(no.code).toBe(130);
    expect(no.screen).toContain(userId);
    expect((await world.ok(["get", "gumloop"])).stdout).toBe(`${key}\n`);
    const yes = await onTerminal(args, [{ wait: "[y/N]: ", type: "y\r" }], { env: world.env });
    expect(yes.code).toBe(0);
    expect(yes.screen).toContain(`as ${next.userId}`);
    expect(yes.screen).toContain("other users can see the API key");
    expect((await world.ok(["get", "gumloop"])).stdout).toBe(`${next.key}\n`);
  });

  test("logout --all-profiles", async () => {
    await world.signInWithKey("second");
    const args = ["logout", "--all-profiles"];
    const no = await onTerminal(args, [{ wait: "[y/N]: ", type: "n\r" }], { env: world.env });
    expect(no.code).toBe(130);
    expect(no.screen).toContain("second");
    expect((await onTerminal(args, [{ wait: "[y/N]: ", type: "yes\r" }], { env: world.env })).code).toBe(0);
    expect((await world.run(["status"])).code).toBe(3);
  });
});

test("explain and doctor know what gum-cred itself has set", async () => {
  const { key } = await world.signInWithKey();
  const shell = "eval $(gum-cred env gumloop) && ";
  const { stdout } = await world.sh(`${shell} gum-cred explain --json`);
  const [candidate] = JSON.parse(stdout).candidates.filter(
    ({ location }: { location: string }) => location === "GUMLOOP_API_KEY",
  );
  expect(candidate).toMatchObject({ state: "absent", reason: "set by gum-cred, looked through" });
  const after = await world.sh(`${shell} gum-cred logout && gum-cred doctor`);
  expect(after.stdout).toMatch(/was exported by gum-cred,\s+and nothing is stored any more/);
  expect(after.stdout).not.toContain(key);
});
