/**
 * The completion scripts in the shells they are for: bash by COMPREPLY, zsh by its completion system on a
 * pseudo-terminal, fish by `complete -C`. No PowerShell can be had here from a package registry: of its script
 * the strings, brackets and tables are read.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { GLOBAL_FLAGS } from "../../src/cli/command.ts";
import { allCommands } from "../../src/cli/program.ts";
import { PROVIDERS } from "../../src/providers/registry.ts";
import { run } from "../support/binary.ts";
import { GOOD } from "../support/manifests.ts";
import { SOON_MS } from "../support/patience.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync("/tmp/gum-cred-completion-");
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(`${folder}/${shell}`, (await run(["completion", shell])).stdout);
  }
  writeFileSync(`${folder}/file.json`, "");
  mkdirSync(`${folder}/plugins`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Complete = (line: string) => Promise<readonly string[]>;

/** bash splits a line at blanks and at `=`, as its COMP_WORDBREAKS has it. */
const bash: Complete = async (line) => {
  const words = line.split(/ +|(=)/).filter((word) => word !== undefined);
  const script = `. ${folder}/bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
    COMP_CWORD=${words.length - 1}; _gum_cred; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await world.sh(script, { shell: ["bash", "--norc", "-c"], cwd: folder });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
};

const fish: Complete = async (line) => {
  const script = `source ${folder}/fish; complete -C ${JSON.stringify(line)}`;
  const { stdout, stderr } = await world.sh(script, { shell: ["fish", "--no-config", "-c"], cwd: folder });
  expect(stderr).toBe("");
  const last = line.slice(line.lastIndexOf(" ") + 1);
  const prefix = last.includes("=") ? last.slice(0, last.indexOf("=") + 1) : "";
  return stdout
    .split("\n")
    .filter((word) => word !== "")
    .map((word) => (word.split("\t", 1)[0] ?? "").slice(prefix.length));
};

/** Types the line into an interactive zsh and catches what is handed to compadd. */
const zsh: Complete = async (line) => {
  const script = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    zpty -w z 'PROMPT=; autoload -U compinit; compinit -u -d ${folder}/zcompdump; zstyle ":completion:*" menu no
      source ${folder}/zsh
      compadd() {
        if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
        typeset -a caught; builtin compadd -A caught "$@"
        for word in $caught; do print -r -- "$word" >> ${folder}/caught; done
        builtin compadd "$@"
      }
      finish() { print -r done >> ${folder}/caught }
      complete-and-finish() { zle complete-word; finish }
      zle -N complete-and-finish; bindkey "^I" complete-and-finish
      : > ${folder}/caught; print READY'
    while zpty -r z reply && [[ $reply != *READY* || $reply == *print* ]]; do :; done
    zpty -w -n z ${JSON.stringify(line).replaceAll("$", "\\$")}$'\\t'
    for i in {1..100}; do grep -q '^done$' ${folder}/caught && break; sleep 0.05; done
    zpty -d z; grep -v '^done$' ${folder}/caught; true`;
  const { stdout } = await world.sh(script, { shell: ["zsh", "-f", "-c"], cwd: folder });
  const typed = line.slice(Math.max(line.lastIndexOf(" "), line.lastIndexOf("=")) + 1);
  const found = stdout.split("\n").filter((word) => word !== "" && word.startsWith(typed));
  return [...new Set(found.map((word) => word.replace(/=$/, "")))];
};

const SHELLS: readonly (readonly [string, Complete])[] = [
  ["bash", bash],
  ["fish", fish],
  ["zsh", zsh],
];

describe.each(SHELLS)("in %s", (_shell, complete) => {
  const sorted = async (line: string) => [...(await complete(line))].sort();

  test("commands and their second words", async () => {
    const commands = await allCommands();
    const first = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))].sort();
    expect(await sorted("gum-cred ")).toEqual(first);
    expect(await sorted("gum-cred lo")).toEqual(["login", "logout"]);
    expect(await sorted("gum-cred keys ")).toEqual([
      "import",
      "list",
      "remove",
      "rotate",
      "set",
      "usage",
      "verify",
    ]);
    expect(await sorted("gum-cred --quiet --profile work keys r")).toEqual(["remove", "rotate"]);
  });

  test("flags, those of the command and those of every command", async () => {
    const flags = await complete("gum-cred env --");
    for (const flag of ["--format", "--unset", "--sdk", "--level", "--json", "--profile", "--help"]) {
      expect(flags).toContain(flag);
    }
    expect(flags).not.toContain("--callback-port");
    expect(await complete("gum-cred login --call")).toEqual(["--callback-port"]);
    expect(await complete("gum-cred keys set openai --no-v")).toEqual(["--no-verify"]);
    expect(await complete("gum-cred --js")).toEqual(["--json"]);
  });

  test("what a flag can be, with a blank and with =", async () => {
    expect(await sorted("gum-cred env --format p")).toEqual(["posix", "powershell"]);
    expect(await sorted("gum-cred env --format=p")).toEqual(["posix", "powershell"]);
    expect(await sorted("gum-cred keys set openai --level ")).toEqual(["organization", "personal", "team"]);
    expect(await sorted("gum-cred completion ")).toEqual(["bash", "fish", "powershell", "zsh"]);
  });

  test("providers, built in and installed", async () => {
    writeFileSync(`${folder}/file.json`, JSON.stringify(GOOD));
    await world.ok(["plugins", "add", `${folder}/file.json`, "--yes"]);
    expect(await sorted("gum-cred env ")).toEqual([...PROVIDERS.map(({ id }) => id), "kestrel"].sort());
    expect(await complete("gum-cred env openai --sdk ke")).toEqual(["kestrel"]);
    expect(await complete("gum-cred get fire")).toEqual(["fireworks"]);
    await world.ok(["plugins", "remove", "kestrel"]);
  });

  test("profiles that something is stored under", async () => {
    await world.signInWithKey("work");
    await world.signInWithKey("play");
    expect(await sorted("gum-cred --profile ")).toEqual(["play", "work"]);
    expect(await complete("gum-cred status --profile w")).toEqual(["work"]);
    for (const profile of ["work", "play"]) await world.ok(["logout", "--profile", profile]);
    expect(await complete("gum-cred --profile x")).toEqual([]);
  });

  test("files, and commands behind --", async () => {
    expect(await complete("gum-cred policy check fil")).toEqual(["file.json"]);
    expect(await complete("gum-cred exec gumloop -- mktem")).toContain("mktemp");
    expect(await complete("gum-cred exec --mask -- cat fil")).toContain("file.json");
  });
});

describe("the lists that the scripts ask for", () => {
  test("a locked, a hanging or a missing keychain gives nothing, soon and in silence", async () => {
    const nothing = { code: 0, stdout: "", stderr: "" };
    const ask = async (env?: Record<string, string>) => {
      const started = performance.now();
      expect(await world.run(["completion", "profiles"], env ? { env } : {})).toMatchObject(nothing);
      expect(performance.now() - started).toBeLessThan(SOON_MS);
    };
    await world.signInWithKey("work");
    await world.keyring.lock();
    await ask();
    await world.keyring.unlock();
    expect((await world.ok(["completion", "profiles"])).stdout).toBe("work\n");
    world.keyring.freeze();
    try {
      await ask();
    } finally {
      world.keyring.thaw();
    }
    await ask({ DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" });
  });

  test("another shell is refused", async () => {
    expect(await run(["completion", "tcsh"])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("PowerShell's script, read and not run", () => {
  test("strings and brackets are closed, and every command and flag is in its tables", async () => {
    const { stdout } = await run(["completion", "powershell"]);
    const code = withoutStrings(stdout);
    expect(code).toMatch(/^[\n -~]*$/);
    expect(unbalanced(code)).toBe("");
    for (const { name, flags } of await allCommands()) {
      const table = stdout.slice(stdout.indexOf(`    '${name}' = @{`), stdout.indexOf("$groups ="));
      expect(table).toStartWith(`    '${name}' = @{`);
      const own = table.slice(0, table.indexOf("Arguments"));
      for (const flag of flags) expect(own).toContain(`'--${flag.name}' = ${flag.value ? "@(" : "$null"}`);
    }
  });
});

/** Language specification §2.3.5.2: verbatim strings, in which a doubled quote is one; comments end with their line. */
function withoutStrings(script: string): string {
  const code = script
    .replace(/#[^\n]*/g, "")
    .replace(/'(?:[^'\n]|'')*'/g, "0")
    .replace(/"[^"\n]*"/g, "0");
  expect(code).not.toMatch(/['"]/);
  return code;
}

/** What is left when pairs of brackets are taken away, the inner ones first. */
function unbalanced(code: string): string {
  let rest = code.replace(/[^()[\]{}]/g, "");
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\(\)|\[\]|\{\}/g, "");
  }
  return rest;
}

describe("the manual page", () => {
  test("names every command and flag, and groff and mandoc have nothing against it", async () => {
    const path = `${folder}/gum-cred.1`;
    const made = Bun.spawnSync([process.execPath, "scripts/man.ts", path], {
      cwd: `${import.meta.dir}/../..`,
    });
    expect(made.stderr.toString()).toBe("");
    const groff = await world.sh(`groff -man -Tutf8 -ww -z ${path}`);
    expect(groff).toMatchObject({ code: 0, stdout: "", stderr: "" });
    if (Bun.which("mandoc")) {
      // Style is about the source's looks; a date would make two builds of one version differ.
      const lint = await world.sh(`mandoc -Tlint -W warning ${path} | grep -v 'missing date'`);
      expect(lint.stdout).toBe("");
    }
    const page = (await world.sh(`MANWIDTH=200 man -l ${path} | col -bx`)).stdout.replaceAll("‐", "-");
    for (const { name, flags, args } of await allCommands()) {
      const section = page.slice(page.indexOf(`\n   gum-cred ${name}`));
      expect(section).toStartWith(`\n   gum-cred ${name}`);
      const own = section.slice(0, section.indexOf("\n   gum-cred ", 1));
      for (const flag of flags) expect(own).toContain(`--${flag.name}`);
      for (const spec of args) expect(own).toContain(spec.summary);
    }
    for (const flag of GLOBAL_FLAGS) expect(page).toContain(`--${flag.name}`);
  });
});
