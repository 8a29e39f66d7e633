/** Names that every JavaScript object inherits are ordinary words: on the command line, in policies and plugins. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { run } from "../support/binary.ts";
import { writePolicy } from "../support/policy.ts";

const NAMES = ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf"];
const folder = mkdtempSync("/tmp/gum-cred-names-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINES = (name: string): readonly (readonly string[])[] => [
  [name],
  ["help", name],
  ["keys", name],
  ["get", name],
  ["get", "openai", "--field", name],
  ["get", "openai", "--level", name],
  ["env", name],
  ["env", "--format", name],
  ["header", "--format", name],
  ["explain", name],
  ["providers", name],
  ["hook", name],
  ["completion", name],
  ["setup", name],
  ["plugins", "remove", name],
  ["keys", "set", name, "--key", "-"],
  ["keys", "remove", name],
  ["keys", "verify", name],
  [`--${name}`],
];

test.each(NAMES)("%s on the command line is an unknown word", async (name) => {
  for (const args of LINES(name)) {
    const { code, stdout } = await run(args, { stdin: "" });
    expect([args, code, args[0] === "env" ? "" : stdout]).toEqual([args, 2, ""]);
  }
});

test.each(NAMES)("a policy may name the variable %s, which is not set", async (name) => {
  const vault = { address: "http://127.0.0.1:1", mount: "secret", path: "x", field: "key" };
  const sources: [source: object, code: number][] = [
    [{ env: name }, 6],
    [{ vault: { ...vault, auth: { token_env: name } } }, 3],
  ];
  for (const [source, code] of sources) {
    const env = writePolicy(`${folder}/policy.json`, { openai: { source } });
    expect(await run(["get", "openai"], { env })).toMatchObject({ code, stdout: "" });
  }
});
