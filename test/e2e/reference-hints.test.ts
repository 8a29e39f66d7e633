/** What the hint of a reference says that leads nowhere: the place that the reference means. */
import { expect, test } from "bun:test";
import { useWorld } from "../support/world.ts";

const world = useWorld();

test.each([
  ["gum://openai", "'gum-cred keys set openai'"],
  ["gum://openai?level=organization", "'gum-cred keys set openai --level organization'"],
  ["gum://openai?level=team&team=t1", "'gum-cred keys set openai --level team --team-id t1'"],
  ["gum://openai?profile=work", "'gum-cred keys set openai --profile work'"],
  ["gum://openai?level=team", "pass --team-id"],
  ["gum://gumloop?profile=work", "'gum-cred login --profile work'"],
  ["gum://", "write it as gum://PROVIDER"],
])("%s", async (reference, said) => {
  const file = `${world.home}/refs.env`;
  await Bun.write(file, `X=${reference}\n`);
  for (const args of [
    ["exec", "--env-file", file, "--", "true"],
    ["exec", "--file", `X=${reference}`, "--", "true"],
  ]) {
    const { code, stderr } = await world.run(args);
    expect([args, code, stderr]).toEqual([args, 125, expect.stringContaining(said)]);
  }
});
