/** The one fetch of the program, against real servers, a real capturing proxy, and as a compiled binary. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ErrorCode, GumCredError } from "../../../src/core/errors.ts";
import { secret } from "../../../src/core/secret.ts";
import { type HttpRequest, isRedirect, isWebPage, send } from "../../../src/net/http.ts";
import { SOON_MS } from "../../support/patience.ts";

const BEARER = "bearer-EXAMPLE-0001";
const FORM = "refresh_token=refresh-EXAMPLE-0002";

const stops: (() => void)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
});

/** An HTTP server on a free port of 127.0.0.1; answers its origin. */
function serve(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  stops.push(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

/** A TCP server that does what it likes with the first bytes of each connection. */
function serveBytes(onData: (socket: Bun.Socket, first: string) => void, onClose = (): void => {}): string {
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, data) => onData(socket, data.toString()), close: onClose },
  });
  stops.push(() => server.stop(true));
  return `http://127.0.0.1:${server.port}`;
}

async function failure(request: HttpRequest): Promise<GumCredError> {
  try {
    await send(request);
  } catch (error) {
    if (error instanceof GumCredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an answer", () => {
  test("comes with status, content type, headers and text", async () => {
    const origin = serve(async (request) =>
      Response.json(
        { method: request.method, sent: await request.text() },
        { status: 418, headers: { date: "now" } },
      ),
    );
    const body = { contentType: "application/x-www-form-urlencoded", text: secret(FORM) };
    const answer = await send({ url: `${origin}/a?b=c`, method: "POST", body });
    expect(answer.status).toBe(418);
    expect(answer.contentType).toStartWith("application/json");
    expect(answer.headers.get("date")).not.toBeNull();
    expect(JSON.parse(answer.body)).toEqual({ method: "POST", sent: FORM });
  });

  test("without a body is the empty text", async () => {
    const origin = serve(() => new Response(null, { status: 204 }));
    expect(await send({ url: origin })).toMatchObject({ status: 204, body: "", contentType: "" });
  });

  test("that redirects is handed back, and nothing goes to the other place", async () => {
    let elsewhere = 0;
    const other = serve(() => {
      elsewhere++;
      return new Response();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const origin = serve(() => new Response("", { status, headers: { location: `${other}/steal` } }));
      const answer = await send({ url: origin, headers: [{ name: "authorization", value: secret(BEARER) }] });
      expect(answer.status).toBe(status);
      expect(isRedirect(answer)).toBe(true);
    }
    expect(elsewhere).toBe(0);
  });

  test.each([
    ["text/html; charset=utf-8", "", true],
    ["application/xhtml+xml; profile=html", "", true],
    ["", "\n <!DOCTYPE html><p>Sign in to the Wi-Fi", true],
    ["application/json", '{"html":"<html>"}', false],
    ["text/plain", "html", false],
  ])("of type %j with %j: a web page is %p", (contentType, body, expected) => {
    expect(isWebPage({ contentType, body })).toBe(expected);
  });
});

describe("the request", () => {
  test("closes its connection, though the server would keep it", async () => {
    const closed = Promise.withResolvers<void>();
    const origin = serveBytes(
      (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
      () => closed.resolve(),
    );
    expect((await send({ url: origin })).body).toBe("ok");
    await closed.promise;
  });

  test("carries our own headers", async () => {
    let seen: Headers | undefined;
    const origin = serve((request) => {
      seen = request.headers;
      return new Response();
    });
    await send({ url: origin, headers: [{ name: "X-Auth-Key", value: secret("user-EXAMPLE") }] });
    expect(seen?.get("x-auth-key")).toBe("user-EXAMPLE");
    expect(seen?.get("user-agent")).toMatch(/^gum-cred\/\S+ \(\w+ \w+\)$/);
  });

  test.each([
    ["a\r\nevil: 1"],
    ["a\nb"],
    ["a\u0000b"],
    ["a\u007f"],
    ["a\tb"],
    ["a\u0001"],
    ["\u200bkey"],
    ["clé"],
  ])("with the header value %j is not sent", async (text) => {
    let requests = 0;
    const origin = serve(() => {
      requests++;
      return new Response();
    });
    const error = await failure({
      url: origin,
      headers: [{ name: "authorization", value: secret(`EXAMPLE${text}`) }],
    });
    expect(error.code).toBe("E_MALFORMED");
    expect(error.message).not.toContain("EXAMPLE");
    expect(requests).toBe(0);
  });

  test.each([["a b"], ["a\r\n"], ["ä"], [""]])("with the header name %j is not sent", async (name) => {
    const error = await failure({ url: "http://127.0.0.1:1", headers: [{ name, value: secret("EXAMPLE") }] });
    expect(error.code).toBe("E_MALFORMED");
  });

  test.each([
    ["http://api.gumloop.com/"],
    ["http://localhost:1/"],
    ["http://10.0.0.7/"],
    ["http://[::ffff:127.0.0.1]/"],
    ["ftp://127.0.0.1/"],
    ["file:///etc/passwd"],
    ["data:text/plain,EXAMPLE"],
    ["blob:EXAMPLE"],
    ["https://user:EXAMPLE@api.gumloop.com/"],
    ["not a URL EXAMPLE"],
    [""],
  ])("to %j is refused", async (url) => {
    const error = await failure({ url });
    expect(error.code).toBe("E_BASE_URL_REFUSED");
    expect(error.message).not.toContain("EXAMPLE");
  });
});

describe("bounds", () => {
  test("a body over the limit is cut off while it still streams", async () => {
    let closed = false;
    const origin = serveBytes(
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        const timer = setInterval(() => closed || socket.write("x".repeat(4096)), 1);
        stops.push(() => clearInterval(timer));
      },
      () => {
        closed = true;
      },
    );
    const error = await failure({ url: `${origin}/big`, limitBytes: 64 * 1024 });
    expect(error.code).toBe("E_MALFORMED");
    expect(error.message).toContain("/big answered with more than 65536 bytes");
    await Bun.sleep(50);
    expect(closed).toBe(true);
  });

  test("a small body that unpacks to a large one is cut off too", async () => {
    const bomb = Bun.gzipSync(new Uint8Array(64 * 1024 * 1024));
    const origin = serve(() => new Response(bomb, { headers: { "content-encoding": "gzip" } }));
    expect((await failure({ url: origin })).code).toBe("E_MALFORMED");
  });

  test("a body at the limit is whole", async () => {
    const origin = serve(() => new Response("x".repeat(1000)));
    expect((await send({ url: origin, limitBytes: 1000 })).body).toHaveLength(1000);
  });

  const silent = serveBytes(() => {});
  const dripping = serveBytes((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 20);
    stops.push(() => clearInterval(timer));
  });
  test.each([
    ["no answer", silent],
    ["a body that drips", dripping],
  ])("%s ends at the time limit", async (_, url) => {
    const started = performance.now();
    const error = await failure({ url: `${url}/slow?key=EXAMPLE`, timeoutMs: 250 });
    expect(error.code).toBe("E_TIMEOUT");
    expect(error.message).toContain("/slow did not finish responding within 0.25 s");
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  test("an interrupt ends it at once, before and during", async () => {
    expect((await failure({ url: silent, signal: AbortSignal.abort() })).code).toBe("E_INTERRUPTED");
    const started = performance.now();
    expect((await failure({ url: silent, signal: AbortSignal.timeout(50) })).code).toBe("E_INTERRUPTED");
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });
});

describe("a failure on the way", () => {
  const reset = serveBytes((socket) => void socket.terminate());
  const cut = serveBytes((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc");
    setTimeout(() => socket.terminate(), 10);
  });
  const plain = serve(() => new Response());
  const table: readonly (readonly [name: string, url: string, code: ErrorCode, words: string])[] = [
    ["refused", "http://127.0.0.1:1", "E_NETWORK", "the connection was refused"],
    ["unknown name", "https://no-such-host.invalid", "E_NETWORK", "(DNS)"],
    ["reset", reset, "E_NETWORK", "the connection was cut off"],
    ["cut off in the body", cut, "E_NETWORK", "the connection was cut off"],
    ["no TLS there", plain.replace("http:", "https:"), "E_NETWORK", "the TLS handshake failed"],
  ];
  test.each(table)("%s: says so without the query", async (_, url, code, words) => {
    const error = await failure({ url: `${url}/path?key=EXAMPLE#EXAMPLE` });
    expect(error.code).toBe(code);
    expect(error.message).toContain("/path");
    expect(error.message).toContain(words);
    expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain("EXAMPLE");
    expect(error.cause).toBeUndefined();
  });
});

describe("the environment", () => {
  let folder = "";
  let program = "";
  const proxied: string[] = [];
  let proxy = "";
  let tls = "";
  let expired = "";
  let other = "";
  const plain = serve(() => Response.json({ reached: "server" }));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "gum-cred-net-"));
    stops.push(() => rmSync(folder, { recursive: true, force: true }));
    program = compile(folder);
    tls = serveTls(folder, "self", "IP:127.0.0.1", 1);
    other = serveTls(folder, "other", "DNS:other.example", 1);
    expired = serveTls(folder, "expired", "IP:127.0.0.1", -1);
    proxy = serveBytes((socket, first) => {
      proxied.push(first);
      socket.write("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
      socket.end();
    });
  });

  /** Runs the compiled sender; stdout is `{status, body}` or `{code, message, hint}`. */
  async function run(
    url: string,
    env: Record<string, string> = {},
  ): Promise<{ out: Record<string, unknown>; all: string }> {
    const child = Bun.spawn([program, url], {
      env: { PATH: "/usr/bin:/bin", ...env },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(await child.exited).toBe(0);
    return { out: JSON.parse(stdout.trim().split("\n").at(-1) ?? ""), all: stdout + stderr };
  }

  const spellings = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
  const everyProxy = (): Record<string, string> => Object.fromEntries(spellings.map((name) => [name, proxy]));

  test("a proxy never sees a request to a loopback address", async () => {
    proxied.length = 0;
    expect((await run(plain, { ...everyProxy(), NO_PROXY: "example.com" })).out).toMatchObject({
      status: 200,
    });
    expect((await run(tls, everyProxy())).out).toMatchObject({ code: "E_NETWORK" });
    expect(proxied).toEqual([]);
  });

  test("a proxy is asked for other hosts, and sees no more than the host's name", async () => {
    proxied.length = 0;
    expect((await run("https://api.example.invalid/p?k=EXAMPLE", everyProxy())).out).toMatchObject({
      code: "E_NETWORK",
    });
    expect(proxied).toHaveLength(1);
    expect(proxied[0]).toStartWith("CONNECT api.example.invalid:443 ");
    expect(proxied[0]).not.toContain("EXAMPLE");
  });

  test("NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch verification off", async () => {
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" }]) {
      const { out } = await run(`${tls}/models?key=EXAMPLE`, env);
      expect(out).toMatchObject({ code: "E_NETWORK" });
      expect(out["message"]).toEndWith("/models: the TLS certificate was refused: it is self-signed");
    }
  });

  test("what is wrong with a certificate is said", async () => {
    const trust = (name: string) => ({ NODE_EXTRA_CA_CERTS: join(folder, `${name}.crt`) });
    expect((await run(tls, trust("self"))).out).toMatchObject({ status: 200 });
    expect((await run(other, trust("other"))).out["message"]).toEndWith("it belongs to another host");
    expect((await run(expired, trust("expired"))).out["message"]).toEndWith("it has expired");
  });

  test("BUN_CONFIG_VERBOSE_FETCH prints nothing", async () => {
    for (const value of ["curl", "1", "true"]) {
      const { out, all } = await run(plain, { BUN_CONFIG_VERBOSE_FETCH: value });
      expect(out).toMatchObject({ status: 200 });
      expect(all).not.toContain("EXAMPLE");
      expect(all.trim().split("\n")).toHaveLength(1);
    }
  });

  test("the process ends as soon as the answer is there", async () => {
    const started = performance.now();
    await run(plain);
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });
});

function compile(folder: string): string {
  const source = join(folder, "sender.ts");
  const root = join(import.meta.dir, "../../../src");
  const program = `
    import { secret } from ${JSON.stringify(join(root, "core/secret.ts"))};
    import { send } from ${JSON.stringify(join(root, "net/http.ts"))};
    const text = secret(${JSON.stringify(FORM)});
    const headers = [{ name: "authorization", value: secret(${JSON.stringify(`Bearer ${BEARER}`)}) }];
    const body = { contentType: "application/x-www-form-urlencoded", text };
    try {
      const answer = await send({ url: process.argv[2] ?? "", method: "POST", headers, body, timeoutMs: 5000 });
      console.log(JSON.stringify({ status: answer.status, body: answer.body }));
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
    }
  `;
  writeFileSync(source, program);
  const outfile = join(folder, "sender");
  const built = Bun.spawnSync([process.execPath, "build", "--compile", source, "--outfile", outfile]);
  if (built.exitCode !== 0) throw new Error(built.stderr.toString());
  return outfile;
}

/** An https server with a self-signed certificate that ends in `days`; answers its origin on 127.0.0.1. */
function serveTls(folder: string, name: string, alternative: string, days: number): string {
  const [key, csr, crt] = ["key", "csr", "crt"].map((end) => join(folder, `${name}.${end}`)) as [
    string,
    string,
    string,
  ];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${alternative}`];
  openssl("req", "-new", ...curve, "-keyout", key, "-out", csr, ...names);
  openssl(
    "x509",
    "-req",
    "-in",
    csr,
    "-signkey",
    key,
    "-days",
    `${days}`,
    "-copy_extensions",
    "copy",
    "-out",
    crt,
  );
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { key: Bun.file(key), cert: Bun.file(crt) },
    fetch: () => Response.json({ reached: "tls" }),
  });
  stops.push(() => server.stop(true));
  return `https://127.0.0.1:${server.port}`;
}

function openssl(...args: readonly string[]): void {
  const made = Bun.spawnSync(["openssl", ...args]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
}
