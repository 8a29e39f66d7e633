/** Installed providers in the built binary: added, used like a built-in one, refused, trusted, removed. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { POSIX_GUARD } from "../../src/output/env-formats/plain.ts";
import { gumCred, type RunOptions, run } from "../support/binary.ts";
import { commandManifest, GOOD, manifestWith } from "../support/manifests.ts";

const root = mkdtempSync("/tmp/gum-cred-plugins-");
afterAll(() => rmSync(root, { recursive: true, force: true }));
const KEY = "sk-EXAMPLE-0123456789";

let home = "";
let file = "";
beforeEach(() => {
  home = mkdtempSync(`${root}/`);
  file = `${home}/given.json`;
});

const own = () => `${home}/.config/gum-cred`;

/** Runs gum-cred in this test's home; what it says on stderr never holds the key. */
async function gum(args: readonly string[], options: RunOptions = {}) {
  const result = await run(args, { ...options, env: { HOME: home, ...options.env } });
  expect(result.stderr).not.toContain("EXAMPLE");
  return result;
}

const withKey: RunOptions = { env: { KESTREL_API_KEY: KEY } };

async function add(bytes: Uint8Array): Promise<void> {
  writeFileSync(file, bytes, { mode: 0o600 });
  const { code, stderr } = await gum(["plugins", "add", file, "--yes"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("SHA-256")]);
}

function program(body: string): string {
  const path = `${home}/verify`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o700);
  return path;
}

describe("an installed provider is as good as a built-in one", () => {
  test("in env, get, header, explain, providers", async () => {
    await add(manifestWith({ env: ["KESTREL_API_KEY", "KESTREL_KEY"] }));
    expect((await gum(["env", "kestrel"], withKey)).stdout).toBe(
      `${POSIX_GUARD}unset KESTREL_KEY && export KESTREL_API_KEY='${KEY}';\n`,
    );
    expect((await gum(["env"], withKey)).stdout).toContain("KESTREL_API_KEY");
    expect((await gum(["get", " Kestrel "], withKey)).stdout).toBe(`${KEY}\n`);
    expect((await gum(["header", "kestrel"], withKey)).stdout).toBe(`authorization: Bearer ${KEY}\n`);
    const explained = JSON.parse((await gum(["explain", "kestrel", "--json"], withKey)).stdout);
    expect(explained.winner.location).toBe("KESTREL_API_KEY");
    const listed = JSON.parse((await gum(["providers", "--json"])).stdout).providers;
    expect(listed.at(-1)).toMatchObject({ id: "kestrel", origin: "installed", setup_url: GOOD.setup_url });
    expect(listed[0]).toMatchObject({ id: "gumloop", origin: "built_in" });
    expect((await gum(["providers", "kestrel"])).stdout).toContain("installed");
  });
  test("at the team's and the organisation's level too", async () => {
    await add(manifestWith({}));
    const env = { KESTREL_API_KEY: KEY, GUM_CRED_ORG_KESTREL_API_KEY: "org-EXAMPLE-0123456789" };
    expect((await gum(["get", "kestrel"], { env })).stdout).toBe("org-EXAMPLE-0123456789\n");
    expect((await gum(["get", "kestrel", "--level", "personal"], { env })).code).toBe(6);
  });
  test("verified by its request, which carries the key in the header it names", async () => {
    const seen: (string | null)[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("x-key"));
        return new Response("{}", { status: seen.length === 1 ? 200 : 401 });
      },
    });
    try {
      const url = `http://127.0.0.1:${server.port}/v1/models`;
      const verify = { ...GOOD.verify, url, headers: { "x-key": "{key}" } };
      await add(manifestWith({ hosts: ["127.0.0.1"], verify }));
      expect((await gum(["keys", "verify", "kestrel"], withKey)).code).toBe(0);
      expect((await gum(["keys", "verify", "kestrel"], withKey)).code).toBe(3);
      expect(seen).toEqual([KEY, KEY]);
    } finally {
      await server.stop(true);
    }
  });
  test("verified by its program", async () => {
    const verdict = (name: string) => program(`cat > '${home}/got'; echo '{"verdict":"${name}"}'`);
    await add(commandManifest([verdict("valid")]));
    expect((await gum(["keys", "verify", "kestrel"], withKey)).code).toBe(0);
    expect(JSON.parse(readFileSync(`${home}/got`, "utf8"))).toEqual({
      protocol: 1,
      action: "verify",
      provider: "kestrel",
      key: KEY,
    });
    verdict("rejected");
    expect((await gum(["keys", "verify", "kestrel"], withKey)).code).toBe(6);
    expect((await gum(["plugins", "trust", "kestrel"])).code).toBe(0);
    expect((await gum(["keys", "verify", "kestrel"], withKey)).code).toBe(3);
  });
});

describe("plugins add", () => {
  test("stores manifest and pins for this user alone, and lists them", async () => {
    await add(manifestWith({}));
    for (const path of ["plugins.lock.json", "plugins/kestrel.json"]) {
      expect(statSync(`${own()}/${path}`).mode & 0o777).toBe(0o600);
    }
    expect(statSync(`${own()}/plugins`).mode & 0o777).toBe(0o700);
    const [plugin] = JSON.parse((await gum(["plugins", "list", "--json"])).stdout).plugins;
    expect(plugin).toEqual({
      id: "kestrel",
      title: "Kestrel AI",
      place: "user",
      path: `${own()}/plugins/kestrel.json`,
      state: "ok",
      reason: null,
    });
  });
  test("without a terminal and --yes installs nothing", async () => {
    writeFileSync(file, manifestWith({}));
    const { code, stderr } = await gum(["plugins", "add", file]);
    expect(code).toBe(2);
    expect(stderr).toContain("--yes");
    expect(existsSync(own())).toBe(false);
  });
  test("asks on a terminal, showing what it will do; Enter alone means no", async () => {
    writeFileSync(file, manifestWith({}));
    const ask = (keys: string) =>
      run([], {
        program: [
          "sh",
          "-c",
          `(sleep 1; printf '${keys}'; sleep 1) | script -qec "stty cols 100; ${gumCred()} plugins add ${file}" /dev/null`,
        ],
        env: { HOME: home, TERM: "xterm" },
      });
    const no = await ask("\\r");
    expect(no.stdout).toContain("https://api.kestrel.ai/v1/models");
    expect(existsSync(`${own()}/plugins/kestrel.json`)).toBe(false);
    const yes = await ask("y\\r");
    expect(yes.stdout).toContain("Installed");
    expect(existsSync(`${own()}/plugins/kestrel.json`)).toBe(true);
  });
  test("shows every argument of a program, and its hash", async () => {
    const path = program("true");
    writeFileSync(file, commandManifest([path, "--first", "x".repeat(250), "--last"]));
    const { stderr } = await gum(["plugins", "add", file, "--yes"]);
    const hash = new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
    for (const shown of [path, "--first", "--last", hash]) expect(stderr).toContain(shown);
  });
  test("replaces an older version of itself", async () => {
    await add(manifestWith({}));
    await add(manifestWith({ title: "Kestrel" }));
    expect((await gum(["providers", "kestrel"])).stdout).toContain("Kestrel (kestrel)");
  });
  const refused: [name: string, make: () => unknown, code: number, says: string][] = [
    ["PATH", () => writeFileSync(file, manifestWith({ env: ["PATH"] })), 6, "$.env[0]"],
    [
      "openai's variable",
      () => writeFileSync(file, manifestWith({ env: ["OPENAI_API_KEY"] })),
      6,
      "'openai'",
    ],
    ["another host", () => writeFileSync(file, manifestWith({ hosts: ["evil.example"] })), 6, "$.verify.url"],
    ["a key too many", () => writeFileSync(file, manifestWith({ run: "x" })), 7, "$.run"],
    ["no JSON", () => writeFileSync(file, "x"), 7, "$"],
    ["no file", () => {}, 7, "does not exist"],
    ["a link", () => symlinkSync("/etc/hostname", file), 6, "symbolic link"],
    ["a folder", () => mkdirSync(file), 6, "not a regular file"],
    [
      "a file that all can write",
      () => {
        writeFileSync(file, manifestWith({}));
        chmodSync(file, 0o666);
      },
      6,
      "chmod go-w",
    ],
    [
      "a program that its group can write",
      () => {
        const path = program("true");
        chmodSync(path, 0o770);
        writeFileSync(file, commandManifest([path]));
      },
      6,
      "chmod go-w",
    ],
    [
      "a program that is not there",
      () => writeFileSync(file, commandManifest(["/nonexistent/x"])),
      7,
      "does not exist",
    ],
  ];
  for (const [name, make, code, says] of refused) {
    test(`refuses ${name}`, async () => {
      make();
      for (const args of [
        ["add", file, "--yes"],
        ["check", file],
      ]) {
        const result = await gum(["plugins", ...args]);
        expect([args[0], result.code]).toEqual([args[0], code]);
        expect(result.stdout + result.stderr).toContain(says);
      }
      expect(existsSync(`${own()}/plugins/kestrel.json`)).toBe(false);
    });
  }
  test("refuses what looks like an installed one", async () => {
    await add(manifestWith({}));
    writeFileSync(file, manifestWith({ id: "mi5tral", title: "Other", env: ["OTHER_KEY"] }));
    expect((await gum(["plugins", "add", file, "--yes"])).code).toBe(6);
  });
  test("refuses to install where others can write", async () => {
    mkdirSync(own(), { recursive: true });
    chmodSync(own(), 0o777);
    writeFileSync(file, manifestWith({}));
    const { code, stderr } = await gum(["plugins", "add", file, "--yes"]);
    expect([code, stderr]).toEqual([6, expect.stringContaining("E_UNSAFE_FILE")]);
    expect(existsSync(`${own()}/plugins/kestrel.json`)).toBe(false);
  });
});

test("plugins check names every problem with its path, in both forms", async () => {
  writeFileSync(
    file,
    manifestWith({ id: "OpenAI", env: ["LD_PRELOAD", "x"], extra: 1, setup_url: "http://x.y/" }),
  );
  const paths = ["$.id", "$.env[0]", "$.env[1]", "$.extra", "$.setup_url"];
  const human = await gum(["plugins", "check", file]);
  expect(human.code).toBe(6);
  expect(
    human.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(": ", 1)[0])
      .sort(),
  ).toEqual(paths.sort());
  const json = JSON.parse((await gum(["plugins", "check", file, "--json"])).stdout);
  expect(json).toMatchObject({ valid: false, id: null });
  expect(json.problems.map(({ path }: { path: string }) => path).sort()).toEqual(paths.sort());
  writeFileSync(file, manifestWith({}));
  expect((await gum(["plugins", "check", file])).stdout).toBe("ok: kestrel (Kestrel AI)\n");
});

test("plugins check names what is left of the starter, each until it is edited", async () => {
  const file = `${home}/starter.json`;
  const starter = JSON.parse((await gum(["plugins", "new", "acme"])).stdout);
  const edits: [changes: object, left: string[]][] = [
    [{}, ["$.hosts", "$.setup_url"]],
    [{ setup_url: "https://console.acme.ai/" }, ["$.hosts"]],
    [{ title: "Acme AI" }, ["$.setup_url"]],
    [{ title: "Acme AI", setup_url: "https://console.acme.ai/" }, []],
  ];
  for (const [changes, left] of edits) {
    writeFileSync(file, JSON.stringify({ ...starter, ...changes }), { mode: 0o600 });
    const { stdout, code } = await gum(["plugins", "check", file, "--json"]);
    const { problems, valid } = JSON.parse(stdout);
    expect(problems.map(({ path }: { path: string }) => path)).toEqual(left);
    expect([valid, code]).toEqual(left.length > 0 ? [false, 7] : [true, 0]);
  }
});

test("plugins new prints a manifest that is fit, also for ids whose variable would not be", async () => {
  for (const id of ["kestrel", "node", "a1-b", "7b", "path"]) {
    const { stdout, code } = await gum(["plugins", "new", id]);
    expect([id, code]).toEqual([id, 0]);
    await add(new TextEncoder().encode(stdout));
    await gum(["plugins", "remove", id]);
  }
  expect((await gum(["plugins", "new", "0penai"])).code).toBe(6);
});

describe("after a change", () => {
  test("the plugin is refused by name, left out without, until it is trusted; others are not disturbed", async () => {
    await add(manifestWith({}));
    appendFileSync(`${own()}/plugins/kestrel.json`, " ");
    const env = { KESTREL_API_KEY: KEY, OPENAI_API_KEY: "sk-EXAMPLE-openai" };
    const named = await gum(["env", "kestrel"], { env });
    expect([named.code, named.stdout]).toEqual([6, "(exit 6);\n"]);
    const all = await gum(["env"], { env });
    expect([all.code, all.stdout]).toEqual([0, `${POSIX_GUARD}export OPENAI_API_KEY='sk-EXAMPLE-openai';\n`]);
    expect(all.stderr).toMatch(/^gum-cred: warning: the plugin 'kestrel' is not used: .* changed .*\n$/);
    const other = await gum(["env", "openai"], { env });
    expect([other.code, other.stderr]).toEqual([0, ""]);
    expect((await gum(["plugins", "trust", "kestrel"])).code).toBe(0);
    expect((await gum(["env", "kestrel"], { env })).code).toBe(0);
  });
  test("trust refuses what is not fit, and what is not installed", async () => {
    await add(manifestWith({}));
    writeFileSync(`${own()}/plugins/kestrel.json`, manifestWith({ env: ["PATH"] }));
    expect((await gum(["plugins", "trust", "kestrel"])).code).toBe(6);
    expect((await gum(["plugins", "trust", "heron"])).code).toBe(2);
  });
});

test("plugins remove removes it, whatever became of it, and says what stays", async () => {
  await add(manifestWith({}));
  writeFileSync(`${own()}/plugins/kestrel.json`, "x");
  const { code, stdout, stderr } = await gum(["plugins", "remove", "kestrel"]);
  expect([code, stdout, stderr]).toEqual([
    0,
    "Removed the plugin 'kestrel'. No key was stored for it.\n",
    "",
  ]);
  expect(existsSync(`${own()}/plugins/kestrel.json`)).toBe(false);
  expect(readFileSync(`${own()}/plugins.lock.json`, "utf8")).not.toContain("kestrel");
  expect((await gum(["plugins", "remove", "kestrel"])).code).toBe(2);
  expect((await gum(["get", "kestrel"], withKey)).code).toBe(2);
});

test("several added at once are all there", async () => {
  const names = ["alpha", "beta", "gamma", "delta"];
  const codes = await Promise.all(
    names.map(async (id) => {
      const path = `${home}/${id}.json`;
      writeFileSync(path, manifestWith({ id, title: id, env: [`${id.toUpperCase()}_KEY`] }));
      return (await gum(["plugins", "add", path, "--yes"])).code;
    }),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  const { plugins } = JSON.parse((await gum(["plugins", "list", "--json"])).stdout);
  expect(plugins.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`)).toEqual(
    [...names].sort().map((id) => `${id} ok`),
  );
});

test("the current directory is never looked at", async () => {
  for (const folder of ["plugins", "gum-cred/plugins", ".config/gum-cred/plugins"]) {
    mkdirSync(`${home}/here/${folder}`, { recursive: true });
    writeFileSync(`${home}/here/${folder}/kestrel.json`, manifestWith({}));
  }
  const options = { cwd: `${home}/here`, env: { ...withKey.env, XDG_CONFIG_HOME: "." } };
  expect((await gum(["get", "kestrel"], options)).code).toBe(2);
  expect((await gum(["plugins", "list", "--json"], options)).stdout).toBe('{"plugins":[]}\n');
});

test("a built-in provider by name looks at no manifest and no pins; without names all are looked at", async () => {
  await add(manifestWith({}));
  writeFileSync(`${own()}/plugins.lock.json`, "x");
  writeFileSync(`${own()}/plugins/openai.json`, "x");
  const options = { env: { OPENAI_API_KEY: "sk-EXAMPLE-openai" } };
  expect(await gum(["env", "openai"], options)).toMatchObject({ code: 0, stderr: "" });
  const { code, stderr } = await gum(["env"], options);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/'kestrel' is not used[\s\S]*'openai' is not used/),
  ]);
});
