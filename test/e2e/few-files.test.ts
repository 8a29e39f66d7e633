/** With few files allowed to be open (`ulimit -n`), a command works, or gum-cred says that it cannot, and why. */
import { expect, test } from "bun:test";
import { gumCred, run } from "../support/binary.ts";

const ENV = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE-0123456789", OPENAI_API_KEY: "sk-EXAMPLE-0123456789" };
/** Those that come from the test's own surroundings are closed. */
const CLOSED = 'for fd in /proc/self/fd/*; do fd=$(basename $fd); [ $fd -le 2 ] || eval "exec $fd>&-"; done';
const within = (limit: number, ...args: string[]) =>
  run([gumCred(), ...args], {
    program: ["bash", "-c", `${CLOSED}; ulimit -n ${limit}; exec "$@"`, "bash"],
    env: ENV,
  });

const WAYS: readonly (readonly string[])[] = [
  ["exec", "gumloop", "--"],
  ["exec", "--mask", "gumloop", "--"],
  ["exec", "--file", "TOKEN=gum://gumloop", "gumloop", "--"],
  ["broker", "openai", "--quiet", "--"],
];
const LIMITS = [5, 6, 7, 8, 9, 10, 12, 16, 64];

test.each(WAYS.map((way) => [way.slice(0, -1).join(" "), way] as const))("%s", async (_, way) => {
  for (const limit of LIMITS) {
    const { code, stderr } = await within(limit, ...way, "true");
    if (code === 0) continue;
    expect([limit, code, stderr]).toEqual([
      limit,
      125,
      expect.stringMatching(
        /gum-cred: error\[E_OWN_FAILURE\]: .*too few files may be open.*\nhint: check 'ulimit -n'/,
      ),
    ]);
  }
  expect((await within(64, ...way, "true")).code).toBe(0);
});

test("a file of the caller's beyond the limit is the limit's fault, not the command's", async () => {
  const script = `exec 70</etc/hostname; ulimit -n 64; exec "$@"`;
  const { code, stderr } = await run([gumCred(), "exec", "--mask", "gumloop", "--", "true"], {
    program: ["bash", "-c", script, "bash"],
    env: ENV,
  });
  expect([code, stderr]).toEqual([125, expect.stringContaining("too few files may be open at once")]);
});

test("a folder of plugins that cannot be opened is not called forbidden", async () => {
  for (const limit of [5, 6, 7]) {
    const { stderr } = await within(limit, "providers");
    expect(stderr).not.toContain("by this user");
  }
});
