/**
 * Whoever can write into the current directory, or slip a variable of Bun's or Node's into the environment,
 * changes nothing: always the built binary, and each attack is first shown to work where it is not warded off.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { verify } from "../../scripts/build/verify.ts";
import { gumCred, run } from "../support/binary.ts";
import { useWorld } from "../support/world.ts";

const PLANTED = "planted-EXAMPLE";
const world = useWorld();

let hostile = "";
beforeAll(() => {
  hostile = mkdtempSync(`${tmpdir()}/gum-cred-hostile-`);
  const plant = (path: string, text: string) => {
    mkdirSync(`${hostile}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    writeFileSync(`${hostile}/${path}`, text);
  };
  const variables = `GUMLOOP_ACCESS_TOKEN=${PLANTED}\nGUMLOOP_BASE_URL=http://127.0.0.1:9/${PLANTED}\nOPENAI_API_KEY=${PLANTED}\n`;
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) plant(name, variables);
  plant("planted.ts", `console.log("${PLANTED}");`);
  plant(
    "bunfig.toml",
    'preload = ["./planted.ts"]\n[run]\npreload = ["./planted.ts"]\n[test]\npreload = ["./planted.ts"]\n',
  );
  plant(
    "package.json",
    '{"name":"gum-cred","type":"module","imports":{"#x":"./planted.ts"},"main":"./planted.ts"}',
  );
  plant("tsconfig.json", '{"compilerOptions":{"paths":{"*":["./planted.ts"]}}}');
  for (const name of ["zod", "leven", "oauth4webapi", "@clack/prompts"]) {
    plant(`node_modules/${name}/index.js`, `console.log("${PLANTED}"); module.exports = {};`);
  }
  plant("src/main.ts", `console.log("${PLANTED}");`);
});
afterAll(() => rmSync(hostile, { recursive: true, force: true }));

describe("files in the current directory", () => {
  const commands: [args: string[], env: Record<string, string>][] = [
    [["--version"], {}],
    [["--help"], {}],
    [["env"], {}],
    [["env", "gumloop"], { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE" }],
    [["status", "--json"], {}],
    [["explain", "--json"], {}],
    [["no-such-command"], {}],
    [["exec", "gumloop", "--", "env"], { GUMLOOP_ACCESS_TOKEN: "token-EXAMPLE" }],
  ];
  for (const [args, env] of commands) {
    test(`${args.join(" ")} is as in an empty one`, async () => {
      const files = readdirSync(hostile);
      const [there, elsewhere] = [await run(args, { env, cwd: hostile }), await run(args, { env, cwd: "/" })];
      const same = ({ code, stdout, stderr }: typeof there) => ({
        code,
        stdout: stdout.replace(/^PWD=.*$/m, ""),
        stderr,
      });
      expect(same(there)).toEqual(same(elsewhere));
      expect(there.stdout + there.stderr).not.toContain(PLANTED);
      expect(readdirSync(hostile)).toEqual(files);
    });
  }
  test("Bun itself does load them", () => {
    const bun = Bun.spawnSync([process.execPath, "-p", "process.env.OPENAI_API_KEY"], {
      cwd: hostile,
      env: {},
    });
    expect(bun.stdout.toString()).toBe(`${PLANTED}\n${PLANTED}\n`);
  });
});

describe("Bun's and Node's variables", () => {
  const commands = [
    ["--version"],
    ["env", "gumloop"],
    ["status", "--json"],
    ["login", "--no-input"],
    ["get", "nobody"],
  ];
  for (const args of commands) {
    // scripts/build/verify.ts has the list; test/build/harden.test.ts shows that it can fail.
    test(`do nothing to ${args.join(" ")}`, () => verify(gumCred(), args));
  }

  test("no debugger can be attached", async () => {
    const calls: string[] = [];
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: () => void calls.push("called"), data: () => {} },
    });
    // Waits for stdin to end, which is time enough.
    const script = "(sleep 0.4) | gum-cred login --api-key - --user-id u";
    const env = { BUN_INSPECT_CONNECT_TO: `tcp://127.0.0.1:${listener.port}` };
    await run([script], { env, program: ["sh", "-c"] });
    listener.stop(true);
    expect(calls).toEqual([]);
  });

  test("requests are not printed", async () => {
    const token = await world.signInWithToken("verbose");
    for (const value of ["1", "true", "curl"]) {
      const env = { BUN_CONFIG_VERBOSE_FETCH: value };
      const { stdout, stderr } = await world.ok(["status", "--verify", "--json", "--profile", "verbose"], {
        env,
      });
      expect(JSON.parse(stdout)).toMatchObject({ verification: "verified" });
      expect(stderr).toBe("");
      expect(stdout).not.toContain(token);
    }
  });

  test("no certificate is trusted because NODE_ variables say so", async () => {
    const { url, certificate, requests, stop } = await serveSelfSigned();
    const login = (env: Record<string, string>) =>
      world.run(["login", "--access-token", "-", "--base-url", url], { stdin: "token-EXAMPLE", env });
    try {
      const attempts: Record<string, string>[] = [
        { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
        { NODE_EXTRA_CA_CERTS: certificate },
        { NODE_USE_SYSTEM_CA: "1" },
      ];
      for (const env of attempts) {
        const result = await login(env);
        expect([env, result.code, requests()]).toEqual([env, 5, 0]);
      }
      // The system's own way to trust one more authority stays, and shows that the server can be reached.
      await login({ SSL_CERT_FILE: certificate });
      expect(requests()).toBe(1);
    } finally {
      stop();
    }
  });
});

/** An https server on 127.0.0.1 whose certificate nobody has signed. */
async function serveSelfSigned() {
  const folder = mkdtempSync(`${tmpdir()}/gum-cred-tls-`);
  const [key, certificate] = [`${folder}/key.pem`, `${folder}/cert.pem`];
  const made = Bun.spawnSync(
    [
      ...[
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
      ],
      ...[
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        certificate,
      ],
    ],
    { stderr: "ignore" },
  );
  expect(made.exitCode).toBe(0);
  let requests = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { key: Bun.file(key), cert: Bun.file(certificate) },
    fetch: () => {
      requests++;
      return Response.json({ models: [] });
    },
  });
  return {
    url: `https://127.0.0.1:${server.port}/api/v1`,
    certificate,
    requests: () => requests,
    stop: () => {
      server.stop(true);
      rmSync(folder, { recursive: true });
    },
  };
}
