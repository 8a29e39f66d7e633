/** Where secrets must never be: other processes' view, files, stderr, with --debug and without. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { useWorld } from "../support/world.ts";

const world = useWorld();

/** Command lines of every process of the machine that hold the text. */
function commandLinesWith(text: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      if (line.includes(text)) found.push(line);
    } catch {
      // The process has ended.
    }
  }
  return found;
}

test("nothing secret in any command line, file or stderr over a whole life", async () => {
  const { key, userId } = world.server.addApiKey();
  // Slow enough for the command lines to be looked at while the login waits.
  world.server.faults.inject({ path: "/api/v1/models", delayMs: 400 });
  const args = [
    "login",
    "--api-key",
    "-",
    "--user-id",
    userId,
    "--base-url",
    world.server.baseUrl,
    "--debug",
  ];
  const login = world.run(args, { stdin: key });
  const deadline = Date.now() + 350;
  while (Date.now() < deadline) {
    expect(commandLinesWith(key)).toEqual([]);
    await Bun.sleep(20);
  }
  expect((await login).code).toBe(0);
  world.server.faults.clear();

  const commands = [
    ["status", "--verify"],
    ["status", "--json"],
    ["explain"],
    ["explain", "--json"],
    ["logout"],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await world.run([...args, "--debug"]);
    expect(stdout + stderr).not.toContain(key);
  }
  await world.signInWithKey();
  const written = readdirSync(world.home, { recursive: true, encoding: "utf8" });
  for (const name of written) {
    const text = await Bun.file(`${world.home}/${name}`)
      .text()
      .catch(() => "");
    expect([name, text.includes("EXAMPLE")]).toEqual([name, false]);
  }
});

test("--debug says where things were looked for", async () => {
  await world.signInWithKey();
  const { stderr } = await world.ok(["status", "--debug"]);
  expect(stderr).toContain("gumloop-cli/default:api_key: found");
});

test("exec hands the secret to the child's environment alone", async () => {
  const { key } = await world.signInWithKey();
  const result = await world.ok([
    "exec",
    "--",
    "sh",
    "-c",
    'tr "\\0" "\\n" < /proc/self/cmdline; echo; printenv GUMLOOP_API_KEY',
  ]);
  expect(result.stdout.split("\n").filter((line) => line.includes(key))).toEqual([key]);
});
