/** Signals that the caller ignores stay ignored in the command, whichever way it is run. Linux. */
import { expect, test } from "bun:test";
import { gumCred, run } from "../support/binary.ts";

const ENV = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE-0123456789", OPENAI_API_KEY: "sk-EXAMPLE-0123456789" };

const CAN_ISOLATE =
  Bun.spawnSync(["unshare", "--user", "--net", "true"], { stdio: ["ignore", "ignore", "ignore"] })
    .exitCode === 0;

const WAYS: readonly (readonly [way: string, args: readonly string[]])[] = [
  ["exec", ["exec", "gumloop", "--"]],
  ["exec --mask", ["exec", "--mask", "gumloop", "--"]],
  ["exec --file", ["exec", "--file", "TOKEN=gum://gumloop", "gumloop", "--"]],
  ["exec --file --mask", ["exec", "--file", "TOKEN=gum://gumloop", "--mask", "gumloop", "--"]],
  ["broker", ["broker", "openai", "--quiet", "--"]],
  ...(CAN_ISOLATE ? [["broker --isolate", ["broker", "openai", "--isolate", "--quiet", "--"]] as const] : []),
];

const under = (trap: string, args: readonly string[]) =>
  run([gumCred(), ...args], { program: ["sh", "-c", `${trap}; exec "$@"`, "sh"], env: ENV });

const SETS: readonly (readonly [trap: string, mask: string])[] = [
  [":", "0000000000000000"],
  ["trap '' HUP", "0000000000000001"],
  ["trap '' HUP INT QUIT PIPE TERM USR1 XFSZ", "0000000001005207"],
];

for (const [way, args] of WAYS) {
  test.each(SETS)(`${way}, after %s`, async (trap, mask) => {
    const { code, stdout } = await under(trap, [...args, "grep", "SigIgn", "/proc/self/status"]);
    expect([code, stdout]).toEqual([0, `SigIgn:\t${mask}\n`]);
  });

  test(`${way}: arguments, status, and what cannot be run stay as they are`, async () => {
    const look = 'echo "$0|$1|$#|$(env | grep -c GUM_CRED_IGNORED)"; exit 7';
    expect(await under("trap '' HUP", [...args, "sh", "-c", look, "zero", "--version"])).toMatchObject({
      code: 7,
      stdout: "zero|--version|1|0\n",
    });
    expect((await under("trap '' HUP", [...args, "gum-cred-nothing"])).code).toBe(127);
    expect((await under("trap '' HUP", [...args, "/etc/passwd"])).code).toBe(126);
  });

  test(`${way} under nohup outlives a hang-up`, async () => {
    const { code, stdout } = await run([gumCred(), ...args, "sh", "-c", "kill -HUP $$; echo alive"], {
      program: ["nohup"],
      env: ENV,
    });
    expect([code, stdout]).toEqual([0, "alive\n"]);
  });
}

test("a script whose interpreter is missing says so, and nothing of a failure is on standard output", async () => {
  const script = `f=$(mktemp) && printf '#!/opt/nothing\\n' > "$f" && chmod +x "$f" && trap '' HUP && exec "$0" exec --mask gumloop -- "$f"`;
  const { code, stdout, stderr } = await run(["-c", script, gumCred()], { program: ["sh"], env: ENV });
  expect([code, stdout]).toEqual([126, ""]);
  expect(stderr).toContain("its interpreter '/opt/nothing' is missing");
});
