/** `gum-cred keys import`: what it reads from, and what it says about what it read. */
import { expect, test } from "bun:test";
import { linkSync, writeFileSync } from "node:fs";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let count = 0;
const KEY = "sk-proj-EXAMPLE-import";
const LINE = `OPENAI_API_KEY=${KEY}\n`;

/** A file of its own, and flags for a profile of its own. */
function made(text: string | Uint8Array) {
  const name = `p${++count}`;
  const path = `${world.home}/${name}.env`;
  writeFileSync(path, text);
  const flags = ["--no-verify", "--profile", name];
  const key = async () => (await world.run(["get", "openai", "--profile", name])).stdout;
  return { path, name, flags, key };
}
const utf16 = (text: string, big: boolean): Uint8Array => {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return big ? bytes.swap16() : bytes;
};

test.each([
  ["a pipe", `cat FILE | gum-cred keys import - FLAGS`],
  ["stdin from a file", `gum-cred keys import - FLAGS < FILE`],
  ["/dev/stdin", `cat FILE | gum-cred keys import /dev/stdin FLAGS`],
  ["/dev/fd/3", `gum-cred keys import /dev/fd/3 FLAGS 3< FILE`],
  ["a process substitution", `gum-cred keys import <(cat FILE) FLAGS`],
  ["a named pipe", `mkfifo FILE.pipe && (cat FILE > FILE.pipe & gum-cred keys import FILE.pipe FLAGS)`],
  ["a link", `ln -s FILE FILE.link && gum-cred keys import FILE.link FLAGS`],
])("from %s", async (_name, command) => {
  const { path, flags, key } = made(LINE);
  const line = command.replaceAll("FILE", path).replaceAll("FLAGS", flags.join(" "));
  const { code, stderr } = await world.sh(line, { shell: ["bash", "-c"] });
  expect({ code, stderr: stderr.includes("shred") }).toEqual({ code: 0, stderr: false });
  expect(await key()).toBe(`${KEY}\n`);
});

test.each([
  ["UTF-8", new TextEncoder().encode(LINE)],
  ["UTF-8 with a mark", new TextEncoder().encode(`\ufeff${LINE}`)],
  ["UTF-16, little end first", utf16(LINE, false)],
  ["UTF-16, big end first", utf16(LINE, true)],
])("%s, from a file and from stdin", async (_name, bytes) => {
  const file = made(bytes);
  await world.ok(["keys", "import", file.path, ...file.flags]);
  expect(await file.key()).toBe(`${KEY}\n`);
  const stdin = made("");
  await world.ok(["keys", "import", "-", ...stdin.flags], { stdin: bytes });
  expect(await stdin.key()).toBe(`${KEY}\n`);
});

test.each([
  ["a folder", () => world.home, "is a folder", 7],
  ["nothing", () => `${world.home}/nothing.env`, "does not exist", 7],
  ["too much", () => made("#".repeat(70_000)).path, "is larger than 64 KiB", 7],
  ["bytes", () => made(new Uint8Array([0xc3, 0x28, 0x0a])).path, "is not UTF-8 text", 7],
  ["UTF-16 without a mark", () => made(utf16(LINE, false).slice(2)).path, "is not UTF-8 text", 7],
])("%s: the message names the path", async (_name, path, said, code) => {
  const file = path();
  const result = await world.run(["keys", "import", file]);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(`${file} ${said}`);
});

test("a run and its dry run say the same of placeholders", async () => {
  const { path, flags, key } = made(
    `A=1\nOPENAI_API_KEY=your_api_key_here\nXAI_API_KEY=xai-EXAMPLE\nANTHROPIC_API_KEY="sk-ant-EXAMPLE\n`,
  );
  const refused = [
    { provider: "openai", variable: "OPENAI_API_KEY", line: 2, stored: false, error: "E_MALFORMED" },
    { provider: "anthropic", variable: "ANTHROPIC_API_KEY", line: 4, stored: false, error: "E_MALFORMED" },
  ];
  for (const more of [["--dry-run"], []]) {
    const { code, stdout, stderr } = await world.run(["keys", "import", path, "--json", ...flags, ...more]);
    expect(code).toBe(7);
    const data = JSON.parse(stdout);
    expect(data.status).toBe("partial");
    expect(data.keys).toHaveLength(3);
    for (const one of refused) expect(data.keys).toContainEqual(expect.objectContaining(one));
    expect(JSON.parse(stderr).error.message).toContain(`${path}: OPENAI_API_KEY in line 2`);
  }
  expect(await key()).toBe("");
  const { stderr } = await world.run(["keys", "import", path, ...flags]);
  expect(stderr).toContain("ANTHROPIC_API_KEY in line 4 was refused: its quotation mark is not closed");
  expect(stderr).toContain(`${path} still holds what was stored; remove line 3 (XAI_API_KEY) from it`);
  expect(stderr).not.toContain("shred");
});

test("deleting is suggested for a file that holds nothing else, in a way that works", async () => {
  const { path, flags } = made("");
  const odd = path.replace(".env", " it's.env");
  writeFileSync(odd, LINE);
  const { stderr } = await world.ok(["keys", "import", odd, ...flags]);
  const command = stderr.split("delete it with: ")[1] ?? "";
  expect((await world.sh(command)).code).toBe(0);
  expect(await Bun.file(odd).exists()).toBe(false);
});

test.each([
  ["another variable", (path: string) => writeFileSync(path, `${LINE}PORT=1\n`)],
  ["a second name", (path: string) => linkSync(path, `${path}.second`)],
])("it is not suggested beside %s", async (_name, change) => {
  const { path, flags } = made(LINE);
  change(path);
  const { stderr } = await world.ok(["keys", "import", path, ...flags]);
  expect(stderr).not.toContain("shred");
  expect(stderr).toContain("remove line 1 (OPENAI_API_KEY)");
});

test("a dry run on a locked keychain fails as the run would", async () => {
  const { path, flags } = made(LINE);
  await world.keyring.lock();
  try {
    for (const more of [["--dry-run"], []])
      expect((await world.run(["keys", "import", path, ...flags, ...more])).code).toBe(4);
  } finally {
    await world.keyring.unlock();
  }
});
