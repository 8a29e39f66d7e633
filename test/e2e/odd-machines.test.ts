/** Machines that are set up in another way than most: what works elsewhere works here, or says why it cannot. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { gumCred, run } from "../support/binary.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync("/tmp/gum-cred-odd-");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = { GUMLOOP_ACCESS_TOKEN: "tok-EXAMPLE" };

describe("in a directory that was deleted", () => {
  const there = (...args: string[]) =>
    run(
      [
        "-c",
        `mkdir ${folder}/gone && cd ${folder}/gone && rmdir ${folder}/gone && exec gum-cred "$@"`,
        "sh",
        ...args,
      ],
      {
        program: ["sh"],
        env: TOKEN,
      },
    );

  test.each([
    [["get", "gumloop"], "tok-EXAMPLE\n"],
    [["exec", "gumloop", "--", "sh", "-c", "echo $GUMLOOP_ACCESS_TOKEN"], "tok-EXAMPLE\n"],
    [["exec", "--mask", "gumloop", "--", "sh", "-c", "echo $GUMLOOP_ACCESS_TOKEN"], "***\n"],
  ])("gum-cred %p works", async (args, stdout) => {
    expect(await there(...args)).toMatchObject({ code: 0, stdout });
  });

  test("env and --version work", async () => {
    expect((await there("env", "gumloop")).stdout).toContain("export GUMLOOP_ACCESS_TOKEN='tok-EXAMPLE'");
    expect((await there("--version")).stdout).toStartWith("gum-cred ");
  });
});

describe("authorities of a company", () => {
  let server: ReturnType<typeof Bun.serve>;
  beforeAll(() => {
    const openssl = (...args: string[]) => {
      const made = Bun.spawnSync(["openssl", ...args], { cwd: folder });
      if (made.exitCode !== 0) throw new Error(made.stderr.toString());
    };
    const subject = (name: string) => ["-subj", `/CN=${name}`, "-newkey", "rsa:2048", "-nodes"];
    openssl("req", "-x509", ...subject("Acme"), "-keyout", "ca.key", "-out", "ca.pem", "-days", "2");
    openssl("req", ...subject("localhost"), "-keyout", "key.pem", "-out", "request.pem");
    writeFileSync(`${folder}/names`, "subjectAltName=DNS:localhost");
    const signed = [
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "names",
    ];
    openssl("x509", "-req", "-in", "request.pem", ...signed, "-out", "cert.pem");
    const answer = () => Response.json({ models: [] });
    const tls = { cert: Bun.file(`${folder}/cert.pem`), key: Bun.file(`${folder}/key.pem`) };
    server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: answer });
  });
  afterAll(() => server.stop(true));

  const verify = (program: readonly string[], env: Record<string, string> = {}) => {
    const base = ["--base-url", `https://localhost:${server.port}/api/v1`];
    return run(["status", "--verify", "--debug", ...base], { program, env: { ...TOKEN, ...env } });
  };

  test("one that is not trusted is an error of the connection", async () => {
    const { stderr, code } = await verify([gumCred()]);
    expect(code).toBe(5);
    expect(stderr).toContain("the TLS certificate was refused: its issuer is unknown");
  });

  test("SSL_CERT_FILE names one", async () => {
    const { stderr } = await verify([gumCred()], { SSL_CERT_FILE: `${folder}/ca.pem` });
    expect(stderr).toContain("GET /api/v1/models: 200");
  });

  test.skipIf(!CAN_MOUNT)("one in the system's store is trusted", async () => {
    const store = "/etc/ssl/certs/ca-certificates.crt";
    const script = `mount --bind ${folder}/ca.pem ${store} && exec "$@"`;
    const { stderr } = await verify(["unshare", "--mount", "sh", "-c", script, "sh", gumCred()]);
    expect(stderr).toContain("GET /api/v1/models: 200");
  });
});

/** prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN), then the command; Linux 6.3. */
const NO_EXECUTABLE_MEMORY = [
  "python3",
  "-c",
  "import ctypes, os, signal, sys; [signal.signal(n, signal.SIG_DFL) for n in (13, 25)]; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) and sys.exit(99); os.execvp(sys.argv[1], sys.argv[1:])",
];
const sh = (script: string) => ["sh", "-c", `${script}; exec "$@"`, "sh"];
const POOR: readonly (readonly [string, readonly string[], boolean])[] = [
  [
    "no executable memory",
    NO_EXECUTABLE_MEMORY,
    Bun.spawnSync([...NO_EXECUTABLE_MEMORY, "true"]).exitCode === 0,
  ],
  ["2 GB of address space", sh("ulimit -v 2000000"), true],
  ["500 MB of address space", sh("ulimit -v 500000"), true],
];

describe.each(POOR.filter(([, , possible]) => possible))("with %s", (_what, program) => {
  const there = (args: readonly string[], env: Record<string, string> = {}) =>
    run([gumCred(), ...args], { program, env: { ...TOKEN, ...env } });

  test.each([
    [["get", "gumloop"], 0, "tok-EXAMPLE\n"],
    [["exec", "gumloop", "--", "sh", "-c", "echo $GUMLOOP_ACCESS_TOKEN; exit 7"], 7, "tok-EXAMPLE\n"],
    [["exec", "gumloop", "--", "./nothing"], 127, ""],
    [["exec", "gumloop", "--", "/etc/passwd"], 126, ""],
    [["exec", "gumloop", "--", "sh", "-c", "kill -TERM $$"], null, ""],
  ])("%p ends with %p", async (args, code, stdout) => {
    const { stderr, ...ended } = await there(args);
    expect(ended).toMatchObject({ code, stdout });
    expect(stderr.split("\n").filter((line) => !/^(?:gum-cred: error|hint: |$)/.test(line))).toEqual([]);
  });

  test("exec hands open files on, and no others, and ends as the program ends", async () => {
    const open = `exec 7</etc/hostname; exec ${program.map((word) => `'${word}'`).join(" ")} "$@"`;
    const there = (look: string) =>
      run([gumCred(), "exec", "gumloop", "--", "sh", "-c", look], {
        program: ["bash", "-c", open, "bash"],
        env: TOKEN,
      });
    const { stdout } = await there("readlink /proc/self/fd/7; ls /proc/self/fd | tr '\\n' ' '");
    expect(stdout).toBe("/etc/hostname\n0 1 2 3 7 ");
    expect((await there("exit 7")).code).toBe(7);
    expect((await there("kill -TERM $$")).signal).toBe("SIGTERM");
    expect((await there("kill -TERM $PPID; exec sleep 5")).signal).toBe("SIGTERM");
    expect((await there("trap '' TERM; kill -KILL $$")).signal).toBe("SIGKILL");
  });

  test("broker says what it lacks", async () => {
    const { code, stderr } = await there(["broker", "gumloop", "--", "true"]);
    expect([code, stderr]).toEqual([125, expect.stringContaining("hint: gum-cred needs executable memory")]);
  });

  test("the program has the default action of SIGPIPE and SIGXFSZ", async () => {
    const { stdout } = await there(["exec", "gumloop", "--", "grep", "SigIgn", "/proc/self/status"]);
    expect(stdout).toBe("SigIgn:\t0000000000000000\n");
  });

  test.each(["--version", "--help", "env gumloop", "header gumloop", "providers", "status"])(
    "%s works",
    async (args) => {
      const { code, stdout } = await there(args.split(" "));
      expect([code, stdout.length > 10]).toEqual([0, true]);
    },
  );

  test.each([
    [
      ["exec", "--mask", "gumloop", "--", "echo", "x"],
      [0, 125],
    ],
    [["get", "openai"], [4]],
    [["redact"], [0, 4]],
    [["keychain"], [4]],
    [["logout"], [4]],
    [["login", "--api-key", "-", "--user-id", "u"], [4]],
  ])("%p works or fails aloud", async (args, codes) => {
    const { code, stderr } = await there(args, { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" });
    expect(codes).toContain(code ?? -1);
    if (code !== 0) expect(stderr).toContain("error[E_");
    expect(stderr).not.toContain("E_INTERNAL");
  });
});

describe("stdout that cannot be written", () => {
  const commands = [
    "get gumloop",
    "env gumloop",
    "header gumloop",
    "status",
    "providers",
    "--help",
    "--version",
    "completion bash",
  ];
  const rows = commands.flatMap((args) => [">&-", "> /dev/full"].map((where) => [args, where, 1] as const));
  test.each([
    ...rows,
    ["exec --mask gumloop -- echo x", ">&-", 125],
    ["exec --mask gumloop -- echo x", "> /dev/full", 125],
    ["exec --mask gumloop -- true", ">&-", 0],
  ])("gum-cred %s %s", async (args, where, code) => {
    const result = await run(["-c", `gum-cred ${args} ${where}`], { program: ["sh"], env: TOKEN });
    expect(result.code).toBe(code);
    if (code !== 0) expect(result.stderr).toContain("error[E_OUTPUT]");
  });

  test("/dev/null, opened for reading too, is an output as any other", async () => {
    const script = `gum-cred get gumloop <>/dev/null 1>&0`;
    expect(await run(["-c", script], { program: ["sh"], env: TOKEN })).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("values that are none", () => {
  const commands = [
    "get openai",
    "header openai",
    "env openai",
    "exec openai -- env",
    "exec --mask openai -- env",
  ];
  const values = [
    ["   ", "has white space only"],
    [" sk-EXAMPLE", "has white space around its value"],
    ["sk-EXAMPLE\n", "has white space around its value"],
    ["sk\nEXAMPLE", "has more than one line"],
    ["sk\u0007EXAMPLE", "contains a control character"],
  ] as const;
  const names = ["OPENAI_API_KEY", "GUM_CRED_ORG_OPENAI_API_KEY"];
  const rows = commands.flatMap((args) =>
    names.flatMap((name) => values.map((row) => [args, name, ...row] as const)),
  );
  test.each(rows)("gum-cred %s with %s=%j", async (args, name, value, words) => {
    const { code, stdout, stderr } = await run(args.split(" "), { env: { [name]: value } });
    expect(code).toBe(args.startsWith("exec") ? 125 : 7);
    expect(stderr).toContain(`]: ${name} ${words}`);
    expect(stdout).not.toContain("EXAMPLE");
  });

  test.each([...commands, "get openai --json", "env openai --format json"])(
    "gum-cred %s with bytes that are not UTF-8",
    async (args) => {
      const script = `OPENAI_API_KEY=$(printf 'sk-EXAMPLE\\377') exec gum-cred ${args}`;
      const { code, stdout, stderr } = await run(["-c", script], { program: ["sh"] });
      expect([code, stdout.includes("EXAMPLE")]).toEqual([args.startsWith("exec") ? 125 : 7, false]);
      expect(stderr).toContain("OPENAI_API_KEY is not UTF-8 text");
    },
  );

  test("an empty one counts as unset, by every command", async () => {
    for (const args of ["get openai", "header openai", "env openai"]) {
      expect((await run(args.split(" "), { env: { OPENAI_API_KEY: "" } })).code).toBe(3);
    }
  });
});

describe("a keychain or bus that was named and is not there", () => {
  test.each([
    [{ DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent/bus" }],
    [{ DBUS_SESSION_BUS_ADDRESS: "unix:abstract=gum-cred-nobody" }],
    [{ DBUS_SESSION_BUS_ADDRESS: "tcp:host=127.0.0.1,port=1" }],
    [{ GUM_CRED_KEYCHAIN: "secret-service" }],
    [{ GUM_CRED_KEYCHAIN: "kwallet" }],
    [{ GUM_CRED_KEYCHAIN: "macos-keychain" }],
  ])("%p is exit 4", async (named: Record<string, string>) => {
    for (const args of [["env"], ["get", "openai"], ["env", "gumloop"]]) {
      const { code, stderr } = await run(args, { env: named });
      expect([args, code, stderr.includes("error[E_KEYCHAIN_UNREACHABLE]")]).toEqual([args, 4, true]);
    }
    expect((await run(["env", "gumloop"], { env: { ...TOKEN, ...named } })).code).toBe(0);
  });
});

describe("scripts that cannot be run", () => {
  const made = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text, { mode: 0o755 });
    return `${folder}/${name}`;
  };
  test.each([
    ["crlf", "#!/bin/sh\r\necho\r\n", 126, "its first line ends in a carriage return"],
    ["crlf-env", "#!/usr/bin/env sh\r\necho\r\n", 126, "its first line ends in a carriage return"],
    ["crlf-flag", "#!/bin/sh -e\r\necho\r\n", 126, "its first line ends in a carriage return"],
    ["crlf-argument", "#!/bin/nothing -e\r\n", 126, "its interpreter '/bin/nothing' is missing"],
    ["crlf-later", "#!/bin/sh -e\nexit 8 # \r\n", 8, ""],
    ["crlf-binary", "\u007f\r\n", 127, ""],
    ["no-interpreter", "#! /opt/nothing\n", 126, "its interpreter '/opt/nothing' is missing"],
    ["no-line", "exit 9\n", 9, ""],
  ])("%s", async (name, text, code, words) => {
    const path = made(name, text);
    for (const more of [[], ["--mask"]]) {
      for (const [command, env] of [
        [path, {}],
        [name, { PATH: `${folder}:/usr/bin:/bin` }],
      ] as const) {
        const result = await run(["exec", ...more, "gumloop", "--", command], { env: { ...TOKEN, ...env } });
        expect([more, command, result.code]).toEqual([more, command, code]);
        expect(result.stderr).toContain(words);
      }
    }
  });
});

test("a variable that is not UTF-8 is the caller's in plain exec, and altered as documented where gum-cred stays", async () => {
  const script = `export ODD="$(printf 'a\\377b')"; exec "$@"`;
  const odd = async (...args: string[]) => {
    const look = ["sh", "-c", 'printf %s "$ODD" | od -An -tx1 | tr -d " "'];
    const env = { ...TOKEN, OPENAI_API_KEY: "sk-EXAMPLE-0123456789" };
    return (await run([gumCred(), ...args, "--", ...look], { program: ["sh", "-c", script, "sh"], env }))
      .stdout;
  };
  expect(await odd("exec", "gumloop")).toBe("61ff62\n");
  for (const way of [
    ["exec", "--mask", "gumloop"],
    ["exec", "--file", "T=gum://gumloop"],
    ["broker", "openai", "--quiet"],
  ]) {
    expect([way, await odd(...way)]).toEqual([way, "61efbfbd62\n"]);
  }
});
