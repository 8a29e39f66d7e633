/** Words that people type, and flags that are checked before anything is asked. */
import { describe, expect, test } from "bun:test";
import { onTerminal } from "../support/terminal.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();

test.each([
  ["whoami --json", "status --json"],
  ["--json whoami", "status --json"],
  ["auth status --json", "status --json"],
  ["auth token", "get gumloop"],
  ["auth login --help", "login --help"],
  ["auth logout --help", "logout --help"],
  ["ls --json", "keys list --json"],
  ["list", "keys list"],
  ["run -- echo a", "exec -- echo a"],
  ["version", "--version"],
  ["env --format bash", "env --format posix"],
  ["env --format zsh", "env --format posix"],
  ["env --format pwsh", "env --format powershell"],
])("%s is %s", async (typed, real) => {
  const env = { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE", OPENAI_API_KEY: "sk-EXAMPLE" };
  const [one, other] = [
    await world.run(typed.split(" "), { env }),
    await world.run(real.split(" "), { env }),
  ];
  expect(one).toEqual(other);
  expect(one.code).toBe(0);
});

test.each([
  ["get openal", "did you mean 'openai'?"],
  ["env openai,anthropic", "separate providers by spaces: openai anthropic"],
  ["explain antropic", "did you mean 'anthropic'?"],
  ["statsu", "did you mean 'gum-cred status'?"],
])("%s: names the right word", async (typed, said) => {
  const { code, stderr } = await world.run(typed.split(" "));
  expect(code).toBe(2);
  expect(stderr).toContain(said);
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
