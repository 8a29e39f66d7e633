/**
 * The lines of docs/installing.md for start-up files, taken from the page itself, in the real shells: with a session,
 * without one, with a locked keychain, and without gum-cred. A shell has to start, and without a word.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathWithGumCred, run } from "../support/binary.ts";
import { type Ground, makeGround, SYSTEM_PATH } from "../support/install.ts";
import { NUSHELL } from "../support/nushell.ts";
import { useWorld } from "../support/world.ts";

const ROOT = resolve(import.meta.dir, "../..");
const PAGE = readFileSync(`${ROOT}/docs/installing.md`, "utf8");
const SECTION = PAGE.slice(PAGE.indexOf("## When a shell starts"), PAGE.indexOf("## Undoing it"));

const world = useWorld();
let ground: Ground;
let startUpFile = "";
beforeAll(() => {
  ground = makeGround();
  startUpFile = `${ground.folder}/start-up`;
});
afterAll(() => ground.remove());

/** The only block of that language in the section. */
function lineFor(language: string): string {
  const blocks = [...SECTION.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, name]) => name === language,
  );
  const [block, ...more] = blocks;
  if (block === undefined || more.length > 0) throw new Error(`not one block of ${language}`);
  return block[2] ?? "";
}

interface Shell {
  readonly name: string;
  readonly language: string;
  /** How it is started so that it reads the file, runs what is behind it, and ends. */
  readonly command: (file: string) => readonly string[];
}

const SHOW = `printf "%s." "\${GUMLOOP_API_KEY-unset}"`;
const sourced =
  (...shell: string[]) =>
  (file: string) => [...shell, `. '${file}'; ${SHOW}`];
const SHELLS: readonly Shell[] = [
  { name: "bash", language: "sh", command: sourced("bash", "--norc", "-c") },
  { name: "zsh", language: "sh", command: sourced("zsh", "-fc") },
  { name: "dash under set -eu", language: "sh", command: sourced("dash", "-euc") },
  { name: "mksh", language: "sh", command: sourced("mksh", "-c") },
  { name: "busybox sh", language: "sh", command: sourced("busybox", "sh", "-c") },
  {
    name: "fish",
    language: "fish",
    command: (file) => ["fish", "--no-config", "-C", `source ${file}`, "-c", `sh -c '${SHOW}'`],
  },
  {
    name: "nu",
    language: "nu",
    command: (file) => [
      NUSHELL ?? "nu",
      "--env-config",
      "/dev/null",
      "--config",
      file,
      "-l",
      "-c",
      `^sh -c r#'${SHOW}'#`,
    ],
  },
];

describe.each(SHELLS.filter(({ name }) => name !== "nu" || NUSHELL))("$name", ({ language, command }) => {
  const start = (env: Record<string, string>) => {
    writeFileSync(startUpFile, lineFor(language));
    const [program = "", ...args] = command(startUpFile);
    return run(args, {
      program: [program],
      env: { HOME: world.home, ...env },
      // Far more than any line takes; a dialog that waits for somebody would not end.
      timeoutMs: 20_000,
    });
  };

  test("with a session", async () => {
    const { key } = await world.signInWithKey();
    expect(await start(world.env)).toMatchObject({ code: 0, stdout: `${key}.`, stderr: "" });
    await world.keyring.lock();
    expect(await start(world.env)).toMatchObject({ code: 0, stdout: "unset.", stderr: "" });
    await world.keyring.unlock();
    await world.ok(["logout"]);
  });

  test("without a session", async () => {
    expect(await start(world.env)).toMatchObject({ code: 0, stdout: "unset.", stderr: "" });
  });

  test("without a keychain", async () => {
    expect(await start({})).toMatchObject({ code: 0, stdout: "unset.", stderr: "" });
  });

  test("without gum-cred", async () => {
    expect(pathWithGumCred()).toEndWith(SYSTEM_PATH);
    expect(await start({ PATH: SYSTEM_PATH })).toMatchObject({ code: 0, stdout: "unset.", stderr: "" });
  });
});
