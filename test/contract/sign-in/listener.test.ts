/** The loopback listener against hostile, half-open and honest connections on real sockets. */

import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { GumCredError } from "../../../src/core/errors.ts";
import { reveal } from "../../../src/core/secret.ts";
import { type Listener, listen } from "../../../src/gumloop/oauth/listener.ts";
import { SOON_MS } from "../../support/patience.ts";

const STATE = "state-EXAMPLE-0123456789abcdefghijklmnopqrst";
const ISSUER = "http://127.0.0.1:9";
const GOOD = `/callback?code=code-EXAMPLE&state=${STATE}`;

const open: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((listener) => listener.close()));
});

function start(): { listener: Listener; port: number; host: string } {
  const listener = listen(0, { state: STATE, issuer: ISSUER });
  open.push(listener);
  const { port, host } = new URL(listener.redirectUri);
  return { listener, port: Number(port), host };
}

/** Opens a connection, says `text` and leaves it at that. */
function halfOpen(port: number, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (text) socket.write(text);
      resolve(socket);
    });
    socket.on("error", reject);
    sockets.push(socket);
  });
}

/** Sends bytes and gives all that came back until the connection closed. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = await halfOpen(port, text);
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString();
  });
  socket.removeAllListeners("error");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.on("close", resolve));
  return answer;
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), Bun.sleep(20).then(() => false)]);
}

async function code(listener: Listener): Promise<string> {
  const answer = await listener.answered;
  return answer.kind === "code" ? reveal(answer.code) : answer.error.code;
}

const request = (line: string, host: string, ...headers: string[]): string =>
  `${[`${line} HTTP/1.1`, `Host: ${host}`, ...headers].join("\r\n")}\r\n\r\n`;

describe("the address that a browser is started with", () => {
  const URL_ = "https://api.gumloop.example/oauth/authorize?state=x&code_challenge=y";
  const follow = (url: string) => fetch(url, { redirect: "manual" });

  test("leads to the sign-in page, and shows nothing of it", async () => {
    const { listener } = start();
    const entry = listener.entryTo(URL_);
    expect(entry).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/start\/[0-9a-f-]{36}$/);
    const response = await follow(entry);
    expect([response.status, response.headers.get("location")]).toEqual([302, URL_]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    // A browser that restores its tabs asks again: it is the same user's.
    expect((await follow(entry)).status).toBe(process.platform === "linux" ? 302 : 410);
    expect(await settled(listener.answered)).toBe(false);
  });

  test("before it is known, and under another name, there is nothing", async () => {
    const { listener, port } = start();
    expect((await follow(`http://127.0.0.1:${port}/start/`)).status).toBe(404);
    expect((await follow(`${listener.entryTo("")}`)).status).toBe(410);
  });

  test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
    "is closed to another user, as the callback is",
    async () => {
      const { listener, port } = start();
      const entry = listener.entryTo(URL_);
      const asNobody = (url: string) => {
        const curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url];
        return Bun.spawn(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...curl], {
          stdout: "pipe",
        }).stdout.text();
      };
      expect(await asNobody(entry)).toBe("403");
      expect(await asNobody(`http://127.0.0.1:${port}${GOOD}`)).toBe("403");
      expect(await settled(listener.answered)).toBe(false);
      expect((await follow(entry)).status).toBe(302);
      expect((await follow(`http://127.0.0.1:${port}${GOOD}`)).status).toBe(200);
      expect(await code(listener)).toBe("code-EXAMPLE");
    },
  );
});

describe("a hostile request gets a 4xx and the wait goes on", () => {
  type Hostile = readonly [name: string, bytes: (host: string) => string, status: string];
  const hostile: readonly Hostile[] = [
    ["wrong state", (host) => request("GET /callback?code=x&state=wrong", host), "400"],
    ["no state", (host) => request("GET /callback?code=x", host), "400"],
    ["duplicate state", (host) => request(`GET ${GOOD}&state=${STATE}`, host), "400"],
    ["duplicate code", (host) => request(`GET ${GOOD}&code=x`, host), "400"],
    ["error without state", (host) => request("GET /callback?error=access_denied", host), "400"],
    ["wrong iss", (host) => request(`GET ${GOOD}&iss=https%3A%2F%2Fevil.example`, host), "400"],
    ["POST", (host) => request(`POST ${GOOD}`, host, "Content-Length: 0"), "405"],
    ["POST with a body", (host) => `${request(`POST ${GOOD}`, host, "Content-Length: 9")}123456789`, "413"],
    ["HEAD", (host) => request(`HEAD ${GOOD}`, host), "405"],
    ["OPTIONS", (host) => request(`OPTIONS ${GOOD}`, host), "405"],
    ["TRACE", (host) => request(`TRACE ${GOOD}`, host), "405"],
    ["root", (host) => request(`GET /?code=x&state=${STATE}`, host), "404"],
    ["favicon", (host) => request("GET /favicon.ico", host), "404"],
    ["longer path", (host) => request(`GET /callback/x?code=x&state=${STATE}`, host), "404"],
    ["double slash", (host) => request(`GET /${GOOD}`, host), "404"],
    ["other case", (host) => request(`GET /CALLBACK?code=x&state=${STATE}`, host), "404"],
    [
      "foreign Host (DNS rebinding)",
      (host) => request(`GET ${GOOD}`, `evil.example:${host.split(":")[1]}`),
      "421",
    ],
    ["localhost as Host", (host) => request(`GET ${GOOD}`, `localhost:${host.split(":")[1]}`), "421"],
    ["Host without the port", () => request(`GET ${GOOD}`, "127.0.0.1"), "421"],
    ["two Hosts", (host) => request(`GET ${GOOD}`, host, "Host: evil.example"), "421"],
    ["malformed Host", () => request(`GET ${GOOD}`, "bad host<>"), "421"],
    ["no Host", () => `GET ${GOOD} HTTP/1.0\r\n\r\n`, "421"],
    ["foreign Origin", (host) => request(`GET ${GOOD}`, host, "Origin: https://evil.example"), "403"],
    ["null Origin", (host) => request(`GET ${GOOD}`, host, "Origin: null"), "403"],
    [
      "two Origins",
      (host) => request(`GET ${GOOD}`, host, `Origin: http://${host}`, "Origin: https://evil.example"),
      "403",
    ],
    ["endless header", (host) => request(`GET ${GOOD}`, host, `X: ${"x".repeat(100_000)}`), "431"],
    ["no HTTP", () => "hello\r\n\r\n", "400"],
  ];

  test.each(hostile)("%s", async (_, bytes, status) => {
    const { listener, port, host } = start();
    const answer = await exchange(port, bytes(host));
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer).not.toContain("EXAMPLE");
    expect(await settled(listener.answered)).toBe(false);
    expect(await exchange(port, request(`GET ${GOOD}`, host))).toStartWith("HTTP/1.1 200 ");
    expect(await code(listener)).toBe("code-EXAMPLE");
  });

  test("all of them at once, then the good one wins", async () => {
    const { listener, port, host } = start();
    await Promise.all(hostile.map(([, bytes]) => exchange(port, bytes(host))));
    expect(await settled(listener.answered)).toBe(false);
    await exchange(port, request(`GET ${GOOD}&iss=${encodeURIComponent(ISSUER)}`, host));
    expect(await code(listener)).toBe("code-EXAMPLE");
  });
});

describe("the right callback", () => {
  test("is taken once; what comes after changes nothing", async () => {
    const { listener, port, host } = start();
    expect(await exchange(port, request(`GET ${GOOD}`, host))).toStartWith("HTTP/1.1 200 ");
    for (const query of [
      GOOD,
      GOOD.replace("code-EXAMPLE", "other"),
      `/callback?error=access_denied&state=${STATE}`,
    ]) {
      expect(await exchange(port, request(`GET ${query}`, host))).toStartWith("HTTP/1.1 410 ");
    }
    expect(await code(listener)).toBe("code-EXAMPLE");
  });

  test("may carry our own Origin", async () => {
    const { listener, port, host } = start();
    await exchange(port, request(`GET ${GOOD}`, host, `Origin: http://${host}`));
    expect(await code(listener)).toBe("code-EXAMPLE");
  });

  test.each([
    ["access_denied", "E_AUTHORIZATION_DENIED", "Access was denied"],
    ["invalid_scope", "E_REJECTED", "The sign-in did not work"],
  ])("may be an error: %s", async (error, expected, heading) => {
    const { listener, port, host } = start();
    const answer = await exchange(port, request(`GET /callback?error=${error}&state=${STATE}`, host));
    expect(answer).toContain(heading);
    expect(await code(listener)).toBe(expected);
  });

  test.each([[1], [100]])("wins beside %d half-open connections, and closing is immediate", async (count) => {
    const { listener, port, host } = start();
    const starts = [
      "",
      "G",
      `GET ${GOOD} HTTP/1.1\r\nHost: ${host}\r\n`,
      `POST /callback HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\n\r\n`,
    ];
    await Promise.all(
      Array.from({ length: count }, (_, i) => halfOpen(port, starts[i % starts.length] ?? "")),
    );
    const started = performance.now();
    expect(await exchange(port, request(`GET ${GOOD}`, host))).toEndWith("</html>\n");
    expect(await code(listener)).toBe("code-EXAMPLE");
    await listener.close();
    expect(performance.now() - started).toBeLessThan(SOON_MS);
    await expect(exchange(port, request("GET /", host))).rejects.toThrow();
  });

  test("has its page delivered whole, however soon the listener closes", async () => {
    for (let round = 0; round < 50; round++) {
      const { listener, port, host } = start();
      const page = exchange(port, request(`GET ${GOOD}`, host));
      await listener.answered;
      await listener.close();
      expect(await page).toEndWith("</html>\n");
    }
  });

  test("sent byte by byte is taken all the same", async () => {
    const { listener, port, host } = start();
    const socket = await halfOpen(port, "");
    for (const byte of request(`GET ${GOOD}`, host)) {
      socket.write(byte);
      await Bun.sleep(1);
    }
    expect(await code(listener)).toBe("code-EXAMPLE");
  });
});

describe("binding", () => {
  test("is to 127.0.0.1 alone", async () => {
    const { port } = start();
    const other = new Promise((resolve) => {
      const socket = connect(port, "127.0.0.2", () => resolve("connected"));
      socket.on("error", () => resolve("refused"));
      sockets.push(socket);
    });
    expect(await other).toBe("refused");
  });

  test.each([["127.0.0.1"], ["0.0.0.0"]])(
    "a port that %s has is busy, with the port in the hint",
    async (hostname) => {
      const taken = Bun.listen({ hostname, port: 0, socket: { data: () => {} } });
      try {
        const error = thrown(() => listen(taken.port, { state: STATE, issuer: ISSUER }));
        expect(error.code).toBe("E_PORT_BUSY");
        expect(error.message).toBe(`port ${taken.port} of 127.0.0.1 is in use`);
        expect(error.hint).toContain(`${taken.port}`);
        expect(error.hint).toContain("--callback-port");
      } finally {
        taken.stop(true);
      }
    },
  );

  test("keeps every other socket off the port, SO_REUSEPORT or not, in this process and in others", async () => {
    const { listener, port, host } = start();
    expect(thrown(() => listen(port, { state: STATE, issuer: ISSUER })).code).toBe("E_PORT_BUSY");
    const thief = `Bun.serve({ hostname: "127.0.0.1", port: ${port}, reusePort: true, fetch: () => new Response() })`;
    const child = Bun.spawnSync([process.execPath, "-e", `${thief}; process.exit(0)`]);
    expect(child.stderr.toString()).toContain("EADDRINUSE");
    for (let i = 0; i < 20; i++) await exchange(port, request("GET /callback", host));
    await exchange(port, request(`GET ${GOOD}`, host));
    expect(await code(listener)).toBe("code-EXAMPLE");
  });

  test("the port is free again after closing, twice if need be", async () => {
    const { listener, port } = start();
    await listener.close();
    await listener.close();
    open.push(listen(port, { state: STATE, issuer: ISSUER }));
  });
});

function thrown(run: () => unknown): GumCredError {
  try {
    run();
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test.skipIf(process.platform === "win32")(
  "more half-open connections than files it may open at first",
  async () => {
    const script = `
    import { listen } from "${import.meta.dir}/../../../src/gumloop/oauth/listener.ts";
    const listener = listen(0, { state: "${STATE}", issuer: "${ISSUER}" });
    console.log(listener.redirectUri);
    await listener.answered;
    await listener.close();
    process.exit(0);`;
    const limited = ["sh", "-c", 'ulimit -Sn 200; exec "$@"', "sh", process.execPath, "-e", script];
    const child = Bun.spawn(limited, { stdout: "pipe", timeout: 20_000, killSignal: "SIGKILL" });
    const { value } = await child.stdout.getReader().read();
    const { port } = new URL(new TextDecoder().decode(value).trim());
    await Promise.all(Array.from({ length: 800 }, () => halfOpen(Number(port), "")));
    expect((await fetch(`http://127.0.0.1:${port}${GOOD}`)).status).toBe(200);
    expect(await child.exited).toBe(0);
  },
  30_000,
);
