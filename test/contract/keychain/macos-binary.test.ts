/**
 * gum-cred as it is compiled for macOS, with the worker as a second entry point and the stand-in frameworks in place
 * of Apple's: whole commands, and the thread that waits for the keychain.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { type FakeSecurity, startFakeSecurity } from "../../support/fake-security/fake-security.ts";
import { replacedLibraries } from "../../support/fake-security/replaced-libraries.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const MAIN = `${ROOT}/src/start.ts`;
const WORKER = `${ROOT}/src/keychain/macos/macos-worker.ts`;

describe.skipIf(process.platform !== "linux")("macos: compiled", () => {
  let fake: FakeSecurity;
  let folder: string;
  let binary: string;
  beforeAll(async () => {
    fake = startFakeSecurity();
    folder = mkdtempSync(`${tmpdir()}/gum-cred-macos-`);
    binary = await compile("gum-cred", [MAIN, WORKER]);
  });
  afterAll(() => {
    fake?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function compile(name: string, entrypoints: string[]): Promise<string> {
    await Bun.build({
      entrypoints,
      naming: "[name].[ext]",
      format: "esm",
      minify: true,
      splitting: true,
      compile: { outfile: `${folder}/${name}`, autoloadDotenv: false, autoloadBunfig: false },
      define: { GUM_CRED_VERSION: '"0.0.0"', GUM_CRED_COMMIT: '"test"' },
      plugins: [replacedLibraries(fake.libraries.security)],
    });
    return `${folder}/${name}`;
  }

  const env = () => ({ PATH: process.env["PATH"], HOME: folder, GUM_CRED_KEYCHAIN: "macos-keychain" });

  /** Runs a command beside files that a hostile folder could hold. */
  function run(command: readonly string[]) {
    const planted = 'require("node:fs").writeFileSync("planted-ran", ""); self.onmessage = () => {};';
    for (const name of ["macos-worker.ts", "macos-worker.js"]) writeFileSync(`${folder}/${name}`, planted);
    const started = performance.now();
    const options = { cwd: folder, env: env(), stderr: "pipe", timeout: 20_000 } as const;
    const { exitCode, stdout, stderr } = Bun.spawnSync([...command], options);
    expect(existsSync(`${folder}/planted-ran`)).toBe(false);
    return { code: exitCode, text: `${stdout}${stderr}`, ms: performance.now() - started };
  }

  test("login, status, env, logout", () => {
    const { code, text } = run([process.execPath, `${ROOT}/test/support/desktop-round.ts`, binary]);
    expect(text).toEndWith("all as it should be\n");
    expect(code).toBe(0);
    expect(fake.items()).toEqual([]);
    expect(fake.dialogs()).toEqual([]);
    expect(fake.complaints()).toEqual([]);
  }, 20_000);

  test("it ends in time when the keychain never answers", () => {
    fake.behave("silent");
    const { code, text, ms } = run([binary, "get", "gumloop"]);
    fake.behave();
    expect(text).toContain("error[E_KEYCHAIN_TIMEOUT]");
    expect(code).toBe(4);
    expect(ms).toBeLessThan(7000); // 5 s are allowed unattended
  }, 20_000);

  test("a build that forgot the worker says so, and runs nothing in its place", async () => {
    const { code, text } = run([await compile("forgetful", [MAIN]), "get", "gumloop"]);
    expect(text).toContain("error[E_KEYCHAIN_FAILED]: the keychain's thread could not be started");
    expect(code).toBe(4);
  });
});
