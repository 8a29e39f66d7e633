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

describe("an entry that is not text", () => {
  const spoil = (service: string, account: string) =>
    world.sh(
      `printf '\\377\\376' | secret-tool store --label x application 'Python keyring library' service ${service} username ${account}`,
    );

  test.each(["access_token", "refresh_token", "user_id", "base_url"])(
    "%s: logout removes it with the others",
    async (field) => {
      await world.signInWithToken("odd");
      await spoil("gumloop-cli", `odd:${field}`);
      await world.ok(["logout", "--profile", "odd"]);
      expect(
        Object.keys(await world.entries("gumloop-cli")).filter((name) => name.startsWith("odd:")),
      ).toEqual([]);
      await world.signInWithToken("odd");
    },
  );

  test("says how to put another in its place", async () => {
    await spoil("gum-cred", "llm:organization:openai");
    const { code, stderr } = await world.run(["get", "openai"]);
    expect(code).toBe(7);
    expect(stderr).toContain(
      "hint: run 'gum-cred keys remove openai --level organization' and then 'gum-cred keys set openai --level organization'\n",
    );
    await world.ok(["keys", "remove", "openai", "--level", "organization"]);
  });
});
