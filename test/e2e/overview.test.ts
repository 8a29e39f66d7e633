/** Views of everything: explain --all, keys list PROVIDER, and times as people say them. */
import { expect, test } from "bun:test";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const env = { OPENAI_API_KEY: "sk-proj-EXAMPLE", XAI_API_KEY: "xai-EXAMPLE" };

test("explain --all: Gumloop, and what something is known of", async () => {
  const { stdout } = await world.ok(["explain", "--all", "--json"], { env });
  const { providers } = JSON.parse(stdout);
  expect(providers.map(({ provider }: { provider: string }) => provider)).toEqual([
    "gumloop",
    "openai",
    "xai",
  ]);
  expect(providers[1].winner.location).toBe("OPENAI_API_KEY");
  const human = (await world.ok(["explain", "--all"], { env })).stdout;
  expect(human).toContain("OpenAI: OPENAI_API_KEY wins");
  expect(human).toContain("XAI_API_KEY wins");
  expect((await world.run(["explain", "openai", "--all"], { env })).code).toBe(2);
});

test("keys list PROVIDER: only these", async () => {
  const { stdout } = await world.ok(["keys", "list", "xai", "--json"], { env });
  expect(JSON.parse(stdout).keys.map(({ provider }: { provider: string }) => provider)).toEqual(["xai"]);
  expect((await world.run(["keys", "list", "nobody"])).code).toBe(2);
});

test("status says in how long a session expires", async () => {
  await world.signInWithToken();
  const { expires_at } = JSON.parse((await world.ok(["status", "--json"])).stdout);
  const human = (await world.ok(["status"])).stdout;
  if (expires_at === null) expect(human).not.toContain("Expires");
  else expect(human).toMatch(/Expires +\S+ \(in \d+ (?:min|hour|hours)\)/);
});
