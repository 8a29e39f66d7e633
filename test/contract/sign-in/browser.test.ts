/** Which program opens the page: the commands as a table, and real programs started for real. */

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browserCommands, openBrowser } from "../../../src/gumloop/oauth/browser.ts";
import { SOON_MS } from "../../support/patience.ts";

const URL_ = "https://api.gumloop.com/oauth/authorize?a=1&state=EXAMPLE;$(touch PWNED)`x`%20";
const folder = mkdtempSync(join(tmpdir(), "gum-cred-browser-"));
const bin = join(folder, "bin");
const here = join(folder, "cwd");
const log = join(folder, "log");
const before = process.cwd();
mkdirSync(bin);
mkdirSync(here);
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.chdir(before);
  rmSync(log, { force: true });
});

/** A program that writes its arguments to the log, a line each, and ends with `status`. */
function program(path: string, status = 0): string {
  writeFileSync(
    path,
    `#!/bin/sh\nprintf '%s\\n' "$0" "$@" >> '${log}.part'\nmv '${log}.part' '${log}'\nexit ${status}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

async function logged(): Promise<string[]> {
  for (let i = 0; i < 200 && !existsSync(log); i++) await Bun.sleep(10);
  return readFileSync(log, "utf8").trimEnd().split("\n");
}

const firefox = program(join(bin, "firefox"));
const xdgOpen = program(join(bin, "xdg-open"));
mkdirSync(join(bin, "My Apps"));
const spaced = program(join(bin, "My Apps", "The Browser"));
const broken = program(join(bin, "broken"), 3);
program(join(here, "evil"));
writeFileSync(join(bin, "plain-file"), "not a program");
mkdirSync(join(bin, "folder"));

describe("the commands on Linux", () => {
  const commands = (env: Record<string, string>) =>
    browserCommands(URL_, "linux", { PATH: `/nowhere:${bin}`, ...env });
  type Row = readonly [name: string, env: Record<string, string>, expected: readonly (readonly string[])[]];
  const table: readonly Row[] = [
    ["nothing without a display", {}, []],
    ["xdg-open on X", { DISPLAY: ":0" }, [[xdgOpen, URL_]]],
    ["xdg-open on Wayland", { WAYLAND_DISPLAY: "wayland-0" }, [[xdgOpen, URL_]]],
    ["empty variables count as unset", { DISPLAY: "", WAYLAND_DISPLAY: "", BROWSER: "" }, []],
    ["$BROWSER without a display", { BROWSER: "firefox" }, [[firefox, URL_]]],
    [
      "$BROWSER first",
      { BROWSER: "firefox", DISPLAY: ":0" },
      [
        [firefox, URL_],
        [xdgOpen, URL_],
      ],
    ],
    [
      "a list",
      { BROWSER: `missing:firefox::${broken}` },
      [
        [firefox, URL_],
        [broken, URL_],
      ],
    ],
    ["%s and arguments", { BROWSER: "firefox --new-tab %s --x" }, [[firefox, "--new-tab", URL_, "--x"]]],
    ["%s within a word", { BROWSER: "firefox --url=%s" }, [[firefox, `--url=${URL_}`]]],
    ["arguments without %s", { BROWSER: "firefox -P work" }, [[firefox, "-P", "work", URL_]]],
    ["a shell's &", { BROWSER: "firefox %s &" }, [[firefox, URL_]]],
    ["a path with spaces", { BROWSER: spaced }, [[spaced, URL_]]],
    [
      "a path with spaces, and arguments",
      { BROWSER: `${spaced} -P 'my work' %s` },
      [[spaced, "-P", "my work", URL_]],
    ],
    ["a quoted path", { BROWSER: `"${spaced}" --new` }, [[spaced, "--new", URL_]]],
    ["a path in single quotes", { BROWSER: `'${spaced}'` }, [[spaced, URL_]]],
    ["escaped spaces", { BROWSER: spaced.replaceAll(" ", "\\ ") }, [[spaced, URL_]]],
    ["a quoted argument", { BROWSER: 'firefox --profile "a b" %s' }, [[firefox, "--profile", "a b", URL_]]],
    ["quotes that do not end", { BROWSER: 'firefox "a b' }, [[firefox, '"a', "b", URL_]]],
    ["a relative path", { BROWSER: "./evil:bin/firefox:../x" }, []],
    ["no program", { BROWSER: `plain-file:folder:${bin}/plain-file:${bin}/folder` }, []],
    ["relative PATH entries", { BROWSER: "evil", PATH: `.::${"cwd"}:` }, []],
    ["no PATH", { BROWSER: "firefox", PATH: "" }, []],
  ];
  test.each(table)("%s", (_, env, expected) => {
    process.chdir(here);
    expect(commands(env)).toEqual(expected as string[][]);
  });
});

test("macOS and Windows name their program absolutely", () => {
  // Debian has an /usr/bin/open of its own. Nothing of PATH can stand in for either.
  program(join(bin, "open"));
  program(join(bin, "rundll32.exe"));
  const open = existsSync("/usr/bin/open") ? [["/usr/bin/open", URL_]] : [];
  expect(browserCommands(URL_, "darwin", { PATH: bin, DISPLAY: ":0" })).toEqual(open);
  expect(browserCommands(URL_, "win32", { PATH: bin, DISPLAY: ":0" })).toEqual([]);
  const root = join(folder, "Windows");
  mkdirSync(join(root, "System32"), { recursive: true });
  const rundll = program(join(root, "System32", "rundll32.exe"));
  expect(browserCommands(URL_, "win32", { SystemRoot: root })).toEqual([
    [rundll, "url.dll,FileProtocolHandler", URL_],
  ]);
});

describe("opening", () => {
  test("hands over the address as one argument, through no shell", async () => {
    expect(await openBrowser(URL_, { PATH: bin, BROWSER: "firefox" })).toBe(true);
    expect(await logged()).toEqual([firefox, URL_]);
    expect(existsSync("PWNED")).toBe(false);
  });

  test("goes on when a program fails at once", async () => {
    expect(await openBrowser(URL_, { PATH: bin, BROWSER: "broken:firefox" })).toBe(true);
    await Bun.sleep(50);
    expect((await logged()).at(-2)).toBe(firefox);
  });

  test("is false when nothing could be started", async () => {
    expect(await openBrowser(URL_, { PATH: bin, BROWSER: "broken:missing" })).toBe(false);
    expect(await openBrowser(URL_, {})).toBe(false);
  });

  test("does not wait for a browser that stays, and does not keep it with us", async () => {
    const stays = join(bin, "stays");
    writeFileSync(stays, `#!/bin/sh\necho $$ > '${log}.part'; mv '${log}.part' '${log}'\nexec sleep 30\n`);
    chmodSync(stays, 0o755);
    const started = performance.now();
    expect(await openBrowser(URL_, { PATH: `${bin}:/usr/bin:/bin`, BROWSER: stays })).toBe(true);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    const pid = Number((await logged())[0]);
    // Its own session (field 6 of /proc/PID/stat): Ctrl-C in our terminal does not reach it.
    const session = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[3];
    process.kill(pid, "SIGKILL");
    expect(Number(session)).toBe(pid);
  });
});
