/** Entries of the keychain that hold no usable value: every command says so alike, and an empty one is none. */
import { describe, expect, test } from "bun:test";
import { storeEntries } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const COMMANDS = ["get", "header", "env", "exec"] as const;
const words = (command: string, name: string) =>
  command === "exec" ? [command, name, "--", "env"] : [command, name];

describe.each([
  ["white space around it", " sk-EXAMPLE"],
  ["a line end", "sk-EXAMPLE\n"],
  ["two lines", "sk\nEXAMPLE"],
  ["blanks", "   "],
])("an entry with %s", (_what, value) => {
  test.each(COMMANDS)("%s", async (command) => {
    await storeEntries(world, "gum-cred", { "llm:personal:default:openai": value });
    const base_url = world.server.baseUrl;
    await storeEntries(world, "gumloop-cli", { "default:access_token": value, "default:base_url": base_url });
    for (const name of ["openai", "gumloop"]) {
      const { code, stdout, stderr } = await world.run(words(command, name));
      expect([name, code]).toEqual([name, command === "exec" ? 125 : 7]);
      expect(stderr).toContain(name === "openai" ? "llm:personal:default:openai" : "default:access_token");
      expect(stdout).not.toContain("EXAMPLE");
    }
  });
});
