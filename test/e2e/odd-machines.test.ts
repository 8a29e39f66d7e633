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
