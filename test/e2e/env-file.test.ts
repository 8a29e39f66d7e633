/** `exec --env-file` and `--file`: what is resolved, what is passed as it is, what is refused, and what is left behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { gumCred, pathWithGumCred, type RunOptions } from "../support/binary.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld();
const KEY = "sk-proj-EXAMPLE-personal-0123456789";
const TEAM_KEY = "sk-proj-EXAMPLE-team-0123456789";
const TEAM = "team_4f8c92ab";
let folder = "";
let user = { key: "", userId: "" };

beforeAll(async () => {
  user = await world.signInWithKey();
  await world.signInWithToken("work");
  const set = ["keys", "set", "openai", "--key", "-", "--no-verify"];
  await world.ok(set, { stdin: KEY });
  await world.ok([...set, "--level", "team", "--team-id", TEAM], { stdin: TEAM_KEY });
});
beforeEach(() => {
  folder = mkdtempSync("/tmp/gum-cred-env-file-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string, name = ".env"): string {
  writeFileSync(`${folder}/${name}`, text);
  return `${folder}/${name}`;
}

/** Runs a command with env files; the environment that it sees, as an object. */
async function seen(texts: readonly string[], options: RunOptions & { args?: readonly string[] } = {}) {
  const { args = ["openai"], ...more } = options;
  const flags = texts.flatMap((text, index) => ["--env-file", file(text, `${index}.env`)]);
  const { stdout } = await world.ok(["exec", ...args, ...flags, "--", "env", "-0"], more);
  return Object.fromEntries(
    stdout
      .split("\0")
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

describe("values", () => {
  test("references are resolved, everything else is passed as it is", async () => {
    const env = await seen([
      [
        "A=gum://openai",
        'B="gum://openai?level=team&team=team_4f8c92ab" # the team\'s',
        "C=gum://gumloop",
        "D=gum://gumloop/user_id",
        "export E='gum://gumloop/base_url'",
        "F=gum://gumloop?profile=work",
        "G=$HOME $(id) `id`",
        'H="two\\nlines"',
        "I=Bearer gum://openai",
        "J=",
        "K='#'",
      ].join("\n"),
    ]);
    expect(env).toMatchObject({
      A: KEY,
      B: TEAM_KEY,
      C: user.key,
      D: user.userId,
      E: world.server.baseUrl,
      F: (await world.ok(["get", "gumloop", "--profile", "work"])).stdout.trim(),
      G: "$HOME $(id) `id`",
      H: "two\nlines",
      I: "Bearer gum://openai",
      J: "",
      K: "#",
    });
  });

  test("many at once, of many vendors and of both kinds of session", async () => {
    const ids = ["anthropic", "google", "xai", "deepseek", "fireworks", "mistral", "groq", "cohere"];
    for (const id of ids) {
      await world.ok(["keys", "set", id, "--key", "-", "--no-verify"], { stdin: `${id}-EXAMPLE-0123456789` });
    }
    const names = [...ids, ...ids].map((id, index) => `V${index}=gum://${id}`);
    const env = await seen([[...names, "W=gum://gumloop", "X=gum://gumloop?profile=work"].join("\n")]);
    for (const [index, id] of [...ids, ...ids].entries()) {
      expect(env[`V${index}`]).toBe(`${id}-EXAMPLE-0123456789`);
    }
    expect(env["W"]).toBe(user.key);
    for (const id of ids) await world.ok(["keys", "remove", id]);
  });

  test("of several that cannot be resolved the first is named", async () => {
    const path = file("A=gum://openai\nB=gum://deepseek\nC=gum://xai\nD=gum://gumloop?profile=nobody");
    const result = await world.run(["exec", "openai", "--env-file", path, "--", "true"]);
    expect([result.code, result.stderr]).toEqual([125, expect.stringContaining(`${path}:2: `)]);
  });

  test("later files win over earlier ones, files over the environment and what is exported", async () => {
    const env = await seen(
      ["X=1\nY=1\nOPENAI_API_KEY=own-EXAMPLE\nGUMLOOP_ACCESS_TOKEN=t-EXAMPLE", "Y=2\nY=3"],
      {
        args: ["openai", "gumloop"],
        env: { X: "0", Z: "0" },
      },
    );
    expect(env).toMatchObject({ X: "1", Y: "3", Z: "0", OPENAI_API_KEY: "own-EXAMPLE" });
    expect(env["GUMLOOP_ACCESS_TOKEN"]).toBe("t-EXAMPLE");
    expect(env["GUMLOOP_API_KEY"]).toBe(user.key);
  });

  test("of a name that stands twice only the last is resolved", async () => {
    expect(await seen(["A=gum://nobody\nA=gum://openai"])).toMatchObject({ A: KEY });
  });

  test("with nobody signed in, a file of plain values is enough", async () => {
    const env = { HOME: folder, DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: "" };
    expect(await seen(["A=1"], { args: [], env })).toMatchObject({ A: "1" });
    const bare = await world.run(["exec", "--", "true"], { env });
    expect(bare.code).toBe(125);
  });

  test("the file is never read unless it is named, and never written", async () => {
    const path = file("SECRET_FLAG=1\nA=gum://openai");
    const { stdout } = await world.ok(["exec", "openai", "--", "env"], { cwd: folder });
    expect(stdout).not.toContain("SECRET_FLAG");
    await world.ok(["exec", "--env-file", path, "--", "true"]);
    expect(readFileSync(path, "utf8")).toBe("SECRET_FLAG=1\nA=gum://openai");
    expect(readdirSync(folder)).toEqual([".env"]);
  });

  test("from a pipe, and by --env-file=FILE", async () => {
    const script = `gum-cred exec --env-file=/dev/stdin -- printenv A; gum-cred exec --env-file <(echo A=gum://openai) -- printenv A`;
    const result = await world.sh(script, { shell: ["bash", "-c"], stdin: "A=1\n" });
    expect(result.stdout).toBe(`1\n${KEY}\n`);
  });
});

describe("what cannot be resolved ends it before the command starts", () => {
  test.each([
    ["gum://deepseek", 3],
    ["gum://openai?level=organization", 3],
    ["gum://secretvendor", 3],
    ["gum://sk-EXAMPLE-by-mistake", 3],
    ["gum://openai/user_id", 3],
    ["gum://gumloop/refresh_token", 3],
    ["gum://openai?level=boss", 3],
    ["'gum://openai", 3],
    ["gum://gumloop/access_token", 3],
    ["gum://gumloop?profile=nobody", 3],
    ["gum://", 3],
  ])("%s", async (text, line) => {
    const path = file(`\n# comment\nA=${text}\nB=1`);
    const marker = `${folder}/ran`;
    const result = await world.run(["exec", "openai", "--env-file", path, "--", "touch", marker]);
    expect([result.code, result.stdout]).toEqual([125, ""]);
    expect(result.stderr).toContain(`${path}:${line}: `);
    expect(result.stderr).not.toContain("gum://o");
    // How one is written may be said.
    if (text !== "gum://") expect(result.stderr).not.toContain(text);
    expect(result.stderr).not.toContain("secretvendor");
    expect(existsSync(marker)).toBe(false);
    const json = await world.run(["exec", "openai", "--env-file", path, "--json", "--", "true"]);
    expect(JSON.parse(json.stderr).error).toMatchObject({ exit_code: 125 });
  });

  test.each([
    ["no such file", () => `${folder}/none`],
    ["a folder", () => folder],
    [
      "bytes that are not UTF-8",
      () => {
        writeFileSync(`${folder}/bytes`, new Uint8Array([65, 61, 255, 254]));
        return `${folder}/bytes`;
      },
    ],
    ["a megabyte and more", () => file(`A=${"x".repeat(1_048_577)}`)],
    ["a device without end", () => "/dev/zero"],
    ["nothing", () => ""],
  ])("%s", async (_about, make) => {
    const result = await world.run(["exec", "openai", "--env-file", make(), "--", "true"]);
    expect([result.code, result.stdout]).toEqual([125, ""]);
  });

  test("a level that the organisation outranks is refused", async () => {
    const path = file("A=gum://openai?level=personal");
    const env = { GUM_CRED_ORG_OPENAI_API_KEY: "sk-org-EXAMPLE" };
    const result = await world.run(["exec", "openai", "--env-file", path, "--", "true"], { env });
    expect([result.code, result.stderr]).toEqual([125, expect.stringContaining("error[E_POLICY]")]);
  });

  test("a key that the organisation lets only the broker use is not handed out, in no way", async () => {
    const policy = file(
      JSON.stringify({
        version: 1,
        organization: { id: "acme", name: "Acme Inc." },
        providers: { openai: { exportable: false } },
      }),
      "policy.json",
    );
    chmodSync(policy, 0o600);
    const env = { GUM_CRED_POLICY: policy };
    for (const flags of [
      ["--env-file", file("A=gum://openai")],
      ["--file", "A=gum://openai"],
    ]) {
      const result = await world.run(["exec", "gumloop", ...flags, "--", "true"], { env });
      expect([result.code, result.stderr]).toEqual([125, expect.stringContaining("E_NOT_EXPORTABLE")]);
    }
  });

  test("a line that is no variable is named, and no more", async () => {
    const path = file("A=1\nsk-EXAMPLE-a-key-alone\n");
    const result = await world.ok(["exec", "openai", "--env-file", path, "--", "printenv", "A"]);
    expect([result.stdout, result.stderr]).toEqual(["1\n", expect.stringContaining(`${path}:2: `)]);
  });
});

describe("--file", () => {
  const left = () => [
    ...readdirSync("/dev/shm").filter((name) => name.startsWith("gum-cred-run.")),
    ...(existsSync(`${folder}/run`) ? readdirSync(`${folder}/run`) : []),
  ];
  const runtime = () => {
    mkdirSync(`${folder}/run`, { mode: 0o700 });
    return { XDG_RUNTIME_DIR: `${folder}/run` };
  };

  test("is private, in memory, holds exactly the value, and is gone afterwards", async () => {
    const script =
      'stat -c "%a %s" "$KEY_FILE" "$(dirname "$KEY_FILE")"; df --output=fstype "$KEY_FILE" | tail -1; cat "$KEY_FILE"; exit 7';
    const result = await world.run(
      ["exec", "openai", "--file", "KEY_FILE=gum://openai", "--", "sh", "-c", script],
      { env: runtime() },
    );
    const [file, dir, kind, value] = result.stdout.split("\n");
    expect([result.code, file, dir?.split(" ")[0], kind, value]).toEqual([
      7,
      `600 ${KEY.length}`,
      "700",
      "tmpfs",
      KEY,
    ]);
    expect(left()).toEqual([]);
  });

  test("several, with --env-file and --mask", async () => {
    const path = file("B=gum://gumloop/user_id\nC=gum://openai");
    const args = [
      "exec",
      "openai",
      "--mask",
      "--env-file",
      path,
      "--file",
      "F=gum://openai",
      "--file",
      "G=gum://gumloop",
    ];
    const result = await world.ok([...args, "--", "sh", "-c", 'cat "$F" "$G"; echo " $B $C"']);
    expect(result.stdout).toBe("****** *** ***\n");
    expect(left()).toEqual([]);
  });

  test("is gone however the command ends", async () => {
    for (const signal of ["TERM", "INT", "HUP", "KILL"]) {
      const script = `kill -${signal} $$; sleep 5`;
      const direct = await world.sh(`sh -c '${script}'`);
      const through = await world.sh(`gum-cred exec openai --file F=gum://openai -- sh -c '${script}'`);
      expect([signal, through.code]).toEqual([signal, direct.code]);
      expect(left()).toEqual([]);
    }
    const missing = await world.run(["exec", "openai", "--file", "F=gum://openai", "--", "no-such-command"]);
    expect(missing.code).toBe(127);
    expect(left()).toEqual([]);
  });

  test("is gone when gum-cred itself is told to end; what a killed one left, the next removes", async () => {
    const env = { ...world.env, PATH: pathWithGumCred() };
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const script = 'echo "$F"; exec sleep 4';
      const child = Bun.spawn(
        [await gumCred(), "exec", "openai", "--file", "F=gum://openai", "--", "sh", "-c", script],
        {
          env,
          stdout: "pipe",
          stderr: "ignore",
        },
      );
      const reader = child.stdout.getReader();
      const { value } = await reader.read();
      const path = new TextDecoder().decode(value).trim();
      expect(existsSync(path)).toBe(true);
      child.kill(signal);
      await child.exited;
      await reader.cancel();
      expect([signal, existsSync(path)]).toEqual([signal, signal === "SIGKILL"]);
      await world.ok(["exec", "openai", "--file", "F=gum://openai", "--", "true"]);
      expect(existsSync(path)).toBe(false);
    }
  });

  test.each([
    [">&-", 125],
    [">/dev/full", 1],
    ["2>&-", 0],
  ])("output that goes to %s is not lost in silence", async (where, code) => {
    const line = `gum-cred exec openai --file F=gum://openai -- sh -c 'echo out' ${where}`;
    expect((await world.sh(line)).code).toBe(code);
    expect(left()).toEqual([]);
  });

  test.each(["F", "=gum://openai", "F=", "F=plain", "1F=gum://openai", "F G=gum://openai"])(
    "%j is a usage error",
    async (spec) => {
      const result = await world.run(["exec", "openai", "--file", spec, "--", "true"]);
      expect([result.code, result.stderr]).toEqual([125, expect.stringContaining("E_USAGE")]);
    },
  );

  test("two files for one variable are a usage error that names it", async () => {
    const twice = ["--file", "F=gum://openai", "--file", "F=gum://gumloop"];
    const result = await world.run(["exec", "openai", ...twice, "--", "true"]);
    expect([result.code, result.stderr]).toEqual([125, expect.stringContaining("--file F is given twice")]);
  });

  test("what cannot be resolved is named by its variable", async () => {
    const result = await world.run(["exec", "openai", "--file", "F=gum://deepseek", "--", "true"]);
    expect([result.code, result.stderr]).toEqual([125, expect.stringContaining("--file F: ")]);
    expect(left()).toEqual([]);
  });
});
