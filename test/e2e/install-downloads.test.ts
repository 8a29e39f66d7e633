/**
 * scripts/install.sh and servers: which it asks, whom it believes, and what is left when a download breaks off. All
 * servers are on loopback.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../support/binary.ts";
import { INSTALL_SH, NEEDED, SYSTEM_PATH, snapshot } from "../support/install.ts";
import { useInstalled } from "../support/install-installed.ts";
import { thisTarget } from "../support/install-release.ts";

const ARCHIVE = `gum-cred-2.0.0-${thisTarget()}.tar.gz`;
const installed = useInstalled();

describe("places that are not trusted", () => {
  test.each([
    "http://example.com/release",
    "http://localhost:8080",
    "http://127.0.0.1.example.com/",
    "http://127.0.0.1@example.com/",
    "http://127.0.0.1:80@example.com/",
    "http://127.0.0.1:",
    "http://[::1].example.com/",
    "http://0.0.0.0:8080",
    "HTTP://127.0.0.1/",
    "ftp://127.0.0.1/",
    "file:///tmp",
  ])("%s is not even asked", async (from) => {
    const asked = `${installed.ground.folder}/asked`;
    const box = installed.ground.toolbox([
      ...NEEDED,
      "sha256sum",
      ["curl", `#!/bin/sh\necho "$@" >>'${asked}'\nexit 22\n`],
    ]);
    expect((await installed.refused(from, { env: { PATH: box } })).stderr).toContain("refused: ");
    expect(existsSync(asked)).toBe(false);
    // The same trap springs for a place that is trusted.
    const trusted = await installed.refused("https://127.0.0.1:1/", { env: { PATH: box } });
    expect(trusted.stderr).toContain("cannot download https://127.0.0.1:1/SHA256SUMS");
    expect(readFileSync(asked, "utf8")).toContain("--proto =https");
    rmSync(asked);
  });

  describe("a server whose certificate nobody vouches for", () => {
    let server: ReturnType<typeof Bun.serve> | undefined;
    let plain: ReturnType<typeof Bun.serve> | undefined;
    let askedPlainly = false;
    beforeAll(() => {
      const [key, cert] = [`${installed.ground.folder}/key.pem`, `${installed.ground.folder}/cert.pem`];
      const openssl = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
      const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
      const made = Bun.spawnSync([...openssl.split(" "), ...subject, "-keyout", key, "-out", cert]);
      expect(made.exitCode).toBe(0);
      server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        tls: { key: Bun.file(key), cert: Bun.file(cert) },
        fetch({ url }) {
          const [, first, name] = new URL(url).pathname.split("/");
          if (first === "moved") return Response.redirect(`https://127.0.0.1:${server?.port}/${name}`);
          if (first === "downgraded") return Response.redirect(`http://127.0.0.1:${plain?.port}/${name}`);
          return new Response(Bun.file(`${installed.newer}/${first}`));
        },
      });
      plain = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch({ url }) {
          askedPlainly = true;
          return new Response(Bun.file(`${installed.newer}${new URL(url).pathname}`));
        },
      });
      writeFileSync(`${installed.ground.home}/.curlrc`, "insecure\n");
      writeFileSync(`${installed.ground.home}/.wgetrc`, "check_certificate = off\n");
    });
    afterAll(async () => {
      await server?.stop(true);
      await plain?.stop(true);
      for (const name of [".curlrc", ".wgetrc"]) rmSync(`${installed.ground.home}/${name}`);
    });

    test.each([
      ["curl", "curl", "SSL certificate problem"],
      ["wget", "wget", "cannot download"],
      ["busybox", ["wget", '#!/bin/sh\nexec busybox wget "$@"\n'], "this wget checks no certificates"],
    ] as const)("%s, whatever its configuration says", async (_, downloader, message) => {
      const PATH = installed.ground.toolbox([...NEEDED, "sha256sum", "busybox", downloader]);
      const from = `https://127.0.0.1:${server?.port}`;
      expect((await installed.refused(from, { env: { PATH } })).stderr).toContain(message);
    });

    test.each(["", "/moved"])("and one that somebody vouches for is fine: %p", async (path) => {
      const env = { CURL_CA_BUNDLE: `${installed.ground.folder}/cert.pem` };
      const args = [
        "--from",
        `https://127.0.0.1:${server?.port}${path}`,
        "--prefix",
        installed.ground.fresh("vouched"),
      ];
      expect(await installed.ground.install(["sh"], args, { env })).toMatchObject({ code: 0, stderr: "" });
    });

    test("but not where it sends curl on to http", async () => {
      const env = { CURL_CA_BUNDLE: `${installed.ground.folder}/cert.pem` };
      const { stderr } = await installed.refused(`https://127.0.0.1:${server?.port}/downgraded`, { env });
      expect(stderr).toContain("cannot download");
      expect(askedPlainly).toBe(false);
    });
  });
});

describe("a download that breaks off", () => {
  /** Serves SHA256SUMS whole; of the archive half, then the connection ends, or stays without another byte. */
  function startBreakingServer(after: "hang up" | "hang") {
    return Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, request) {
          const name = /^GET \/([^ ]*) /.exec(request.toString())?.[1] ?? "";
          const body = readFileSync(`${installed.newer}/${name}`);
          const sent = name === "SHA256SUMS" ? body : body.subarray(0, body.length / 2);
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
          socket.write(sent);
          if (sent === body || after === "hang up") socket.end();
        },
      },
    });
  }

  test.each(["curl", "wget"])("the server hangs up on %s", async (downloader) => {
    const server = startBreakingServer("hang up");
    const PATH = installed.ground.toolbox([...NEEDED, "sha256sum", downloader]);
    const { stderr } = await installed.refused(`http://127.0.0.1:${server.port}`, { env: { PATH } });
    expect(stderr).toMatch(/cannot download|vouches for/);
    server.stop(true);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s while it waits leaves nothing", async (signal) => {
    const server = startBreakingServer("hang");
    const args = ["--from", `http://127.0.0.1:${server.port}`, "--prefix", installed.prefix];
    // A session of its own, so that the signal reaches the downloader too, as the terminal's would.
    const child = Bun.spawn(["setsid", "sh", INSTALL_SH, ...args], {
      env: { HOME: installed.ground.home, PATH: SYSTEM_PATH, TMPDIR: installed.ground.tmp },
      stdio: ["ignore", "ignore", "ignore"],
    });
    while (!Object.keys(snapshot(installed.ground.tmp)).some((name) => name.endsWith(ARCHIVE)))
      await Bun.sleep(20);
    process.kill(-child.pid, signal);
    expect(await child.exited).not.toBe(0);
    installed.unchanged();
    server.stop(true);
  });

  test("of install.sh itself: whatever has come runs nothing", async () => {
    const script = readFileSync(INSTALL_SH);
    const called = `${installed.ground.folder}/called`;
    const spies = [...NEEDED, "curl", "sha256sum"].map(
      (name) => [name, `#!/bin/sh\n>'${called}'\nexit 1\n`] as const,
    );
    const env = { HOME: installed.ground.home, PATH: installed.ground.toolbox(spies) };
    // Steps through the whole of it, and every byte of the last line, `{ main "$@"; }` without its end.
    const lengths = Array.from({ length: Math.floor(script.length / 131) }, (_, index) => (index + 1) * 131);
    for (let length = script.length - 18; length <= script.length - 2; length++) lengths.push(length);
    for (const length of lengths) {
      await run(["-s", "--", "--prefix", installed.prefix], {
        program: ["/bin/sh"],
        stdin: script.subarray(0, length),
        env,
      });
      if (existsSync(called)) throw new Error(`a program ran after ${length} of ${script.length} bytes`);
    }
    await run(["-s", "--", "--prefix", installed.prefix], {
      program: ["/bin/sh"],
      stdin: script.subarray(0, -1),
      env,
    });
    expect(existsSync(called)).toBe(true);
    installed.unchanged();
  }, 60_000);
});
