/**
 * A sign-in in a real browser: what Chromium makes of the page, in light and dark, after Allow and after Deny.
 * Needs `chromium`; where it is missing the tests are skipped and say so.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { useWorld } from "../support/world.ts";

const chromium = Bun.which("chromium");
const skip = chromium === null;
if (skip) console.log("browser-page: skipped, because chromium is not installed (apt-get install chromium)");

const world = useWorld({ consent: "approve" });
const folder = mkdtempSync("/tmp/gum-cred-browser-");
/** Set to keep the screenshots. */
const keep = process.env["GUM_CRED_SCREENSHOTS"];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync --enable-logging=stderr --v=0 --hide-scrollbars";

let port = 27_000 + Math.floor(Math.random() * 500);

/** Signs in with Chromium as the browser, which does what `flags` say with the page it ends on. */
async function signIn(name: string, flags: string) {
  const browser = `${folder}/${name}.sh`;
  // A test's browser is waited for by the sign-in's end alone, so it leaves a mark when it is done.
  writeFileSync(
    browser,
    `#!/bin/sh\n${chromium} ${FLAGS} --user-data-dir=${folder}/${name}-profile ${flags} "$1" > ${folder}/${name}.html 2> ${folder}/${name}.log\ntouch ${folder}/${name}.done\n`,
    { mode: 0o755 },
  );
  const args = ["login", "--method", "oauth", "--callback-port", String(++port), "--profile", name];
  const result = await world.run([...args, "--timeout", "40", "--base-url", world.server.baseUrl], {
    env: { BROWSER: browser },
    timeoutMs: 60_000,
  });
  for (let wait = 0; wait < 400 && !(await Bun.file(`${folder}/${name}.done`).exists()); wait++)
    await Bun.sleep(50);
  return {
    ...result,
    dom: await Bun.file(`${folder}/${name}.html`).text(),
    log: await Bun.file(`${folder}/${name}.log`).text(),
  };
}

async function screenshot(name: string, flags: string): Promise<number> {
  const file = `${keep ?? folder}/${name}.png`;
  await signIn(name, `${flags} --screenshot=${file}`);
  return Bun.file(file).size;
}

test.skipIf(skip)(
  "after Allow: signed in, and the page says what to do next",
  async () => {
    const { code, dom, log, stderr } = await signIn("allow", "--dump-dom");
    expect([code, stderr.includes("Opening the browser")]).toEqual([0, true]);
    expect(dom).toContain("<h1>That’s all for the browser</h1>");
    expect(dom).toContain("You can close this window and go back to the terminal.");
    expect(dom).toContain("<title>Back to the terminal · gum-cred</title>");
    // Chromium applied the style: the policy's hash is the right one, and nothing else was asked for.
    expect(log).not.toMatch(/Content Security Policy|Refused to|CONSOLE.*rror/i);
    for (const reflected of ["EXAMPLE", "state=", "code="]) expect(dom).not.toContain(reflected);
    const status = await world.ok(["status", "--verify", "--json", "--profile", "allow"]);
    expect(JSON.parse(status.stdout).verification).toBe("verified");
  },
  90_000,
);

test.skipIf(skip)(
  "after Deny: exit 3, and the page says that nothing was stored",
  async () => {
    world.server.behaviour.consent = "deny";
    const { code, dom } = await signIn("deny", "--dump-dom");
    world.server.behaviour.consent = "approve";
    expect(code).toBe(3);
    expect(dom).toContain("<h1>Access was denied</h1>");
    expect(dom).toContain("Nothing was stored.");
  },
  90_000,
);

test.skipIf(skip)(
  "it is painted, in light and in dark, on a desk and on a phone",
  async () => {
    const light = await screenshot("light", "--window-size=1000,700");
    const dark = await screenshot("dark", "--window-size=1000,700 --blink-settings=preferredColorScheme=0");
    const phone = await screenshot("phone", "--window-size=500,800");
    // An empty page compresses to some three kilobytes at these sizes.
    for (const size of [light, dark, phone]) expect(size).toBeGreaterThan(8_000);
    const bytes = (name: string) => Bun.file(`${keep ?? folder}/${name}.png`).bytes();
    expect(Bun.deepEquals(await bytes("light"), await bytes("dark"))).toBe(false);
  },
  120_000,
);
