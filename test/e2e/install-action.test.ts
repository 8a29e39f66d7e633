/**
 * action.yml: its real steps, run by `sh -e` under the files and variables of a runner, with the real binary. The steps
 * for Windows are only read: there is no PowerShell where this runs.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { assertNoLeak, gumCred, run } from "../support/binary.ts";
import { type Ground, makeGround, snapshot } from "../support/install.ts";
import { makeRealRelease, pack, thisTarget, writeSums } from "../support/install-release.ts";
import { action, type JobOptions, runAction } from "../support/install-runner.ts";

const KEY = "gum_EXAMPLE_action_0123456789";
const OPENAI = "sk-EXAMPLE-action-openai";
/** Exported with every credential. */
const BASE = "GUMLOOP_BASE_URL=https://api.gumloop.com/api/v1\n";
const CREDENTIALS = { GUMLOOP_API_KEY: KEY, GUMLOOP_USER_ID: "user_abc", OPENAI_API_KEY: OPENAI };

let ground: Ground;
/** A release whose program starts the binary under test: the same, and sooner unpacked. */
let from = "";
/** No test here may ask a server; what it would have asked for is in the file. */
let asked = "";
let path = "";
beforeAll(() => {
  ground = makeGround();
  from = ground.fresh("a release");
  pack(from, "1.2.3", thisTarget(), Buffer.from(`#!/bin/sh\nexec '${gumCred()}' "$@"\n`), String);
  writeSums(from);
  asked = `${ground.folder}/asked`;
  path = ground.toolbox([["curl", `#!/bin/sh\nfor url; do :; done; echo "$url" >'${asked}'; exit 22\n`]]);
});
afterAll(() => ground.remove());

/** A job of its own; its log shows secrets in masking commands only, and what hostile inputs ask for is not done. */
async function job(options: JobOptions = {}) {
  const folder = ground.fresh("job");
  mkdirSync(`${folder}/runner temp`);
  const result = await runAction(folder, { ...options, path });
  const shown = result.log.replaceAll(/^::add-mask::.*$/gm, "");
  assertNoLeak([KEY, OPENAI], shown);
  expect(readdirSync(folder).filter((name) => name.startsWith("PWNED"))).toEqual([]);
  return { ...result, folder, shown };
}

describe("a job", () => {
  test("gets the program on its PATH, and nothing else", async () => {
    const real = `${ground.folder}/real`;
    makeRealRelease(real, "1.2.3");
    const { code, steps, log, githubEnv, githubPath, folder } = await job({
      inputs: { from: real },
      env: CREDENTIALS,
    });
    expect({ code, steps, githubEnv }).toEqual({ code: 0, steps: ["Install gum-cred"], githubEnv: "" });
    expect(githubPath).toBe(`${folder}/runner temp/gum-cred/bin\n`);
    expect(Object.keys(snapshot(`${folder}/runner temp`))).toEqual(["gum-cred/bin/gum-cred"]);
    const { stdout } = await run(["--version"], { program: [`${githubPath.trim()}/gum-cred`] });
    expect(log).toBe(stdout);
  });

  test("gets masked variables when it asks for them", async () => {
    const { code, log, shown, githubEnv } = await job({ inputs: { from, export: "true" }, env: CREDENTIALS });
    expect(code).toBe(0);
    expect(log).toContain(`::add-mask::${KEY}\n`);
    expect(log).toContain(`::add-mask::${OPENAI}\n`);
    expect(shown).not.toContain("EXAMPLE");
    expect(githubEnv).toBe(
      `GUMLOOP_API_KEY=${KEY}\nGUMLOOP_USER_ID=user_abc\n${BASE}OPENAI_API_KEY=${OPENAI}\n`,
    );
  });

  test.each(["openai", " openai ,", "openai\n"])("gets the providers %p alone", async (providers) => {
    const inputs = { from, export: "true", providers };
    const { code, log, githubEnv } = await job({ inputs, env: CREDENTIALS });
    expect({ code, githubEnv }).toEqual({ code: 0, githubEnv: `OPENAI_API_KEY=${OPENAI}\n` });
    expect(log).not.toContain(KEY);
  });

  test("gets several providers", async () => {
    const inputs = { from, export: "true", providers: "openai,\n  gumloop" };
    const { githubEnv } = await job({ inputs, env: CREDENTIALS });
    expect(githubEnv).toContain(`OPENAI_API_KEY=${OPENAI}\n`);
    expect(githubEnv).toContain(`GUMLOOP_API_KEY=${KEY}\n`);
  });

  test("fails when there is nothing to export", async () => {
    const result = await job({ inputs: { from, export: "true" } });
    expect(result).toMatchObject({ code: 3, githubEnv: "" });
    expect(result.log).toContain("E_NOT_SIGNED_IN");
  });

  test.each([
    ["latest", "releases/latest/download/SHA256SUMS"],
    ["1.2.3", "releases/download/v1.2.3/SHA256SUMS"],
    ["v1.2.3-rc.1", "releases/download/v1.2.3-rc.1/SHA256SUMS"],
  ])("version %s comes from its own release", async (version, file) => {
    const result = await job({ inputs: { version } });
    expect(result).toMatchObject({ code: 1, githubPath: "", githubEnv: "" });
    expect(readFileSync(asked, "utf8")).toBe(`https://github.com/gum-cred/gum-cred/${file}\n`);
  });
});

describe("inputs are data", () => {
  const HOSTILE = [
    "$(touch PWNED-1)",
    "`touch PWNED-2`",
    '"; touch PWNED-3; "',
    "'; touch PWNED-4; '",
    "openai; touch PWNED-5",
    "openai\ntouch PWNED-6",
    "openai\n::add-path::/tmp/PWNED",
    "--unset",
    "--debug",
    "openai --profile=other",
    "../../etc",
    "*",
  ];

  test.each(HOSTILE)("version %p", async (version) => {
    const result = await job({ inputs: { version } });
    expect(result).toMatchObject({ code: 1, githubPath: "", githubEnv: "" });
    expect(result.log).toBe("::error title=gum-cred::the input 'version' is no version\n");
  });

  test.each(HOSTILE)("from %p", async (hostile) => {
    const result = await job({ inputs: { from: hostile } });
    expect(result).toMatchObject({ code: 1, githubPath: "", githubEnv: "" });
    expect(result.log).not.toMatch(/^::add-path/m);
  });

  test.each(HOSTILE)(
    "providers %p",
    async (providers) => {
      const result = await job({ inputs: { from, export: "true", providers }, env: CREDENTIALS });
      expect(result).toMatchObject({ githubEnv: "" });
      expect(result.code).not.toBe(0);
      expect(result.log).not.toMatch(/^::add-(?:path|mask)/m);
    },
    20_000,
  );

  test.each(["yes", "TRUE", ""])("export %p is neither true nor false", async (value) => {
    expect(await job({ inputs: { from, export: value } })).toMatchObject({ code: 1, githubPath: "" });
  });

  test("version and from at once", async () => {
    expect(await job({ inputs: { from, version: "1.2.3" } })).toMatchObject({ code: 1, githubPath: "" });
  });
});

test("no expression stands in a script, and nothing of others is used", () => {
  expect(action.runs.using).toBe("composite");
  for (const step of action.runs.steps) {
    expect(step.run).not.toContain("${{");
    expect(step.uses).toBeUndefined();
    for (const [name, value] of Object.entries(step.env)) {
      expect(value).toBe(`\${{ inputs.${name.replace("INPUT_", "").toLowerCase()} }}`);
    }
  }
});

test("the steps for Windows are the same steps", () => {
  const [install, windowsInstall, exported, windowsExported] = action.runs.steps;
  expect(windowsInstall).toMatchObject({ if: "runner.os == 'Windows'", shell: "pwsh", env: install?.env });
  expect(windowsExported).toMatchObject({
    if: "inputs.export == 'true' && runner.os == 'Windows'",
    shell: "pwsh",
    env: exported?.env,
  });
  const script = /scripts\/install\.ps1/.exec(windowsInstall?.run ?? "")?.[0] ?? "";
  expect(existsSync(`${import.meta.dir}/../../${script}`)).toBe(true);
});
