/**
 * `gum-cred hook`: its scripts in the real shells, with a gum-cred that counts how often it is started. No PowerShell can
 * be had from a package registry: its script is only compared with the numbers that the others use.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { run } from "../support/binary.ts";
import { NUSHELL } from "../support/nushell.ts";

let folder = "";
const counted = () =>
  existsSync(`${folder}/calls`) ? readFileSync(`${folder}/calls`, "utf8").split("\n").length - 1 : 0;

/** Stands for gum-cred: exports a token that expires in `life` seconds, or fails with 3. No other program is on PATH. */
function standIn(life: number | null): void {
  const expires = life === null ? null : Math.floor(Date.now() / 1000) + life;
  const forms = {
    posix: `export GUMLOOP_ACCESS_TOKEN=fresh GUM_CRED_EXPIRES=${expires}`,
    fish: `set -gx GUMLOOP_ACCESS_TOKEN fresh; set -gx GUM_CRED_EXPIRES ${expires}`,
    nushell: `{"GUMLOOP_ACCESS_TOKEN":"fresh","GUM_CRED_EXPIRES":"${expires}"}`,
  };
  const answer = (format: keyof typeof forms) =>
    expires === null ? { ...forms, posix: "(exit 3)", fish: "false" }[format] : forms[format];
  writeFileSync(
    `${folder}/bin/gum-cred`,
    `#!/bin/sh
echo "$*" >> ${folder}/calls
case "$*" in
  *fish*) echo '${answer("fish")}' ;;
  *nushell*) echo '${answer("nushell")}' ;;
  *) echo '${answer("posix")}' ;;
esac
${expires === null ? "echo 'nobody is signed in' >&2; exit 3" : ""}
`,
  );
  chmodSync(`${folder}/bin/gum-cred`, 0o755);
}

beforeAll(async () => {
  folder = mkdtempSync("/tmp/gum-cred-hook-");
  mkdirSync(`${folder}/bin`);
  for (const shell of ["bash", "zsh", "fish", "nushell", "powershell"]) {
    const { code, stdout } = await run(["hook", shell]);
    expect(code).toBe(0);
    writeFileSync(`${folder}/hook.${shell}`, stdout);
  }
  for (const program of ["sh", "bash", "zsh", "fish"])
    symlinkSync(Bun.which(program) ?? "", `${folder}/bin/${program}`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(`${folder}/calls`, { force: true }));

interface Shell {
  readonly name: string;
  readonly command: readonly string[];
  /** Loads the hook. */
  readonly load: string;
  /** What the shell does before a prompt. */
  readonly prompt: string;
  /** Makes the last status 7. */
  readonly fail: string;
  readonly show: string;
  /** Forgets that the hook has run a moment ago. */
  readonly later: string;
  readonly expires: (seconds: string) => string;
}

const SHELLS: readonly Shell[] = [
  {
    name: "bash",
    command: ["bash", "--norc", "-uc"],
    load: ". $F/hook.bash",
    prompt: "_gum_cred_hook",
    fail: "(exit 7)",
    show: `echo "<$?|\${GUMLOOP_ACCESS_TOKEN-unset}>"`,
    later: "_gum_cred_next=0",
    expires: (seconds) => `export GUM_CRED_EXPIRES=$((EPOCHSECONDS + ${seconds}))`,
  },
  {
    name: "zsh",
    command: ["zsh", "-fuc"],
    load: ". $F/hook.zsh; zmodload zsh/datetime; prompt() { local s=$?; _gum_cred_hook; return $s; }",
    prompt: "prompt",
    fail: "(exit 7)",
    show: `echo "<$?|\${GUMLOOP_ACCESS_TOKEN-unset}>"`,
    later: "_gum_cred_next=0",
    expires: (seconds) => `export GUM_CRED_EXPIRES=$((EPOCHSECONDS + ${seconds}))`,
  },
  {
    name: "fish",
    command: ["fish", "--no-config", "-c"],
    load: "source $F/hook.fish",
    // emit(1) has a status of its own; that a real prompt leaves it alone is tested on a terminal below.
    prompt: 'set before $status; emit fish_prompt; sh -c "exit $before"',
    fail: "sh -c 'exit 7'",
    show: 'echo "<$status|$GUMLOOP_ACCESS_TOKEN>" | string replace "|>" "|unset>"',
    later: "set -g __gum_cred_next 0",
    expires: (seconds) => `set -gx GUM_CRED_EXPIRES (math $__gum_cred_time + ${seconds})`,
  },
  {
    name: "nushell",
    command: [NUSHELL ?? "nu", "--no-config-file", "-c"],
    load: "const hook = '$F/hook.nushell'; source $hook",
    prompt: "do --env ($env.config.hooks.pre_prompt | last)",
    fail: "$env.LAST_EXIT_CODE = 7",
    show: 'print $"<($env.LAST_EXIT_CODE)|($env.GUMLOOP_ACCESS_TOKEN? | default unset)>"',
    later: "$env.GUM_CRED_HOOK = { next: 1 }",
    expires: (seconds) =>
      `$env.GUM_CRED_EXPIRES = (((date now | into int) // 1_000_000_000 + ${seconds}) | into string)`,
  },
];

describe.each(SHELLS.filter(({ name }) => name !== "nushell" || NUSHELL))("$name", (shell) => {
  /** Each step on a line of its own; gives what `show` printed. */
  const shellRuns = (...steps: string[]) => {
    const script = [shell.load, ...steps].join("\n").replaceAll("$F", folder);
    const { stdout, stderr } = Bun.spawnSync([...shell.command, script], {
      env: { PATH: `${folder}/bin`, HOME: folder },
    });
    expect(stderr.toString()).toBe("");
    return stdout.toString().trim().split("\n");
  };

  test("exports at the first prompt, keeps the status, and then starts nothing", () => {
    standIn(3600);
    const seen = shellRuns(
      shell.fail,
      shell.prompt,
      shell.show,
      shell.fail,
      shell.prompt,
      shell.show,
      shell.prompt,
    );
    expect(seen).toEqual(["<7|fresh>", "<7|fresh>"]);
    expect(counted()).toBe(1);
  });

  test("is silent and tries once when nobody is signed in", () => {
    standIn(null);
    expect(shellRuns(shell.fail, shell.prompt, shell.show, shell.prompt, shell.later, shell.prompt)).toEqual([
      "<7|unset>",
    ]);
    expect(counted()).toBe(1);
  });

  test("runs again when the token ends within 60 seconds, and not at every prompt", () => {
    standIn(3600);
    const near = [shell.expires("59"), shell.prompt, shell.later, shell.prompt, shell.prompt, shell.show];
    expect(shellRuns(shell.prompt, ...near)).toEqual([expect.stringContaining("fresh")]);
    expect(counted()).toBe(2);
  });

  test("does not run again while more time is left", () => {
    standIn(3600);
    shellRuns(shell.prompt, shell.expires("75"), shell.later, shell.prompt, shell.prompt);
    expect(counted()).toBe(1);
  });

  test.each(["soon", "-1", ""])("a value that is no time (%p) starts nothing", (value) => {
    standIn(3600);
    const set = shell
      .expires("0")
      .replace(/=.*|\(math.*\)/, (found) => (found.startsWith("=") ? `='${value}'` : `'${value}'`));
    shellRuns(
      shell.prompt,
      shell.name === "nushell" ? `$env.GUM_CRED_EXPIRES = '${value}'` : set,
      shell.later,
      shell.prompt,
    );
    expect(counted()).toBe(1);
  });

  test("without gum-cred there is a prompt all the same", () => {
    rmSync(`${folder}/bin/gum-cred`, { force: true });
    expect(shellRuns(shell.fail, shell.prompt, shell.show)).toEqual(["<7|unset>"]);
  });
});

describe("in bash, on a terminal", () => {
  const session = (setUp: string, ...lines: string[]) => {
    standIn(3600);
    const typed = [setUp, `. ${folder}/hook.bash`, ...lines, "exit"].map((line) => `${line}\n`).join("");
    const { stdout } = Bun.spawnSync(["script", "-qec", "bash --norc --noprofile -i", "/dev/null"], {
      env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, PS1: "", TERM: "dumb" },
      stdin: new Blob([typed]),
    });
    return stdout.toString();
  };

  test.each([
    ["no prompt command", ":"],
    ["a string", "PROMPT_COMMAND='true; mine=$? '"],
    ["an array", "PROMPT_COMMAND=('mine=1' 'false')"],
  ])("%s: status and PIPESTATUS stay", (_, setUp) => {
    const seen = session(
      setUp,
      "false | (exit 3) | true",
      `echo "pipe=\${PIPESTATUS[*]}" token=$GUMLOOP_ACCESS_TOKEN`,
      "(exit 7)",
      "echo status=$?",
    );
    expect(seen).toContain("pipe=1 3 0 token=fresh");
    expect(seen).toContain("status=7");
    expect(counted()).toBe(1);
  });

  test("loaded twice it is there once", () => {
    const seen = session(`. ${folder}/hook.bash`, 'echo "[$PROMPT_COMMAND]"');
    expect(seen.match(/_gum_cred_hook/g)?.length).toBe(1);
  });
});

test("in fish, on a terminal, the status stays", () => {
  standIn(3600);
  const typed = [
    `source ${folder}/hook.fish`,
    "sh -c 'exit 7'",
    "echo status=$status token=$GUMLOOP_ACCESS_TOKEN",
    "exit",
  ];
  const { stdout } = Bun.spawnSync(["script", "-qec", "fish --no-config -i", "/dev/null"], {
    env: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, TERM: "dumb" },
    stdin: new Blob([typed.map((line) => `${line}\n`).join("")]),
  });
  expect(stdout.toString()).toContain("status=7 token=fresh");
});

test("PowerShell's script keeps to the same times", () => {
  const script = readFileSync(`${folder}/hook.powershell`, "utf8");
  for (const number of ["+ 60 -ge $expires", "$now + 30"]) expect(script).toContain(number);
});
