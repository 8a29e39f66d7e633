/** A whole sign-in against a small authorization server: browser, paste, strangers, deadline, interrupt. */

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBaseUrl } from "../../../src/core/base-url.ts";
import { reveal } from "../../../src/core/secret.ts";
import { type SignInOptions, signInWithBrowser } from "../../../src/gumloop/oauth/sign-in.ts";
import { SOON_MS } from "../../support/patience.ts";

interface Asked {
  readonly url: string;
  readonly challenge: string;
  readonly redirectUri: string;
}
let asked: Asked[] = [];
let forms: URLSearchParams[] = [];
let tokenAnswer: (() => Response) | null = null;

/** RFC 6749 and 7636 as far as a sign-in needs them; says yes to everybody. */
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/oauth/authorize") {
      const [challenge, redirectUri] = [
        url.searchParams.get("code_challenge") ?? "",
        url.searchParams.get("redirect_uri") ?? "",
      ];
      asked.push({ url: request.url, challenge, redirectUri });
      const back = new URL(redirectUri);
      const iss = server.url.origin;
      back.search = `${new URLSearchParams({ code: `code-EXAMPLE-${asked.length}`, state: url.searchParams.get("state") ?? "", iss })}`;
      return Response.redirect(back.href, 302);
    }
    const form = new URLSearchParams(await request.text());
    forms.push(form);
    if (tokenAnswer) return tokenAnswer();
    const hash = new Bun.CryptoHasher("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    const known = asked.some(
      ({ challenge, redirectUri }) => challenge === hash && redirectUri === form.get("redirect_uri"),
    );
    if (!known) return Response.json({ error: "invalid_grant" }, { status: 400 });
    return Response.json({
      access_token: `access-EXAMPLE-for-${form.get("code")}`,
      refresh_token: "refresh-EXAMPLE",
      expires_in: 60,
    });
  },
});
const baseUrl = parseBaseUrl(`http://127.0.0.1:${server.port}/api/v1`);
const folder = mkdtempSync(join(tmpdir(), "gum-cred-sign-in-"));
afterAll(() => {
  server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

const sockets: Socket[] = [];
beforeEach(() => {
  asked = [];
  forms = [];
  tokenAnswer = null;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const defaults = { baseUrl, callbackPort: 0, openBrowser: false, timeoutMs: 5000 };

/** Signs in; `visit` plays the browser and the person. */
const signIn = (visit: (url: string, opened: boolean) => unknown, options: Partial<SignInOptions> = {}) =>
  signInWithBrowser({ ...defaults, ...options, onUrl: (url, opened) => void visit(url, opened) });

/** Follows the redirect back like a browser. */
const browse = async (url: string): Promise<Response> => fetch(url);

const callbackOf = (url: string): string => new URL(url).searchParams.get("redirect_uri") ?? "";
const stateOf = (url: string): string => new URL(url).searchParams.get("state") ?? "";

/** Whether nothing listens on the callback's port any more. */
async function isClosed(url: string): Promise<boolean> {
  return fetch(callbackOf(url)).then(
    () => false,
    () => true,
  );
}

describe("in the browser", () => {
  test("gives the tokens, shows the page, and sends one token request", async () => {
    let page: Promise<Response> | undefined;
    let shown = "";
    const tokens = await signIn((url) => {
      shown = url;
      page = browse(url);
    });
    expect(reveal(tokens.accessToken)).toBe("access-EXAMPLE-for-code-EXAMPLE-1");
    expect(tokens.refreshToken && reveal(tokens.refreshToken)).toBe("refresh-EXAMPLE");
    expect(tokens.expiresIn).toBe(60);
    const response = await page;
    expect(response?.status).toBe(200);
    expect(await response?.text()).toContain("You can close this window and go back to the terminal.");
    expect(forms).toHaveLength(1);
    expect(forms[0]?.get("redirect_uri")).toBe(callbackOf(shown));
    expect(await isClosed(shown)).toBe(true);
  });

  test("asks for what the contract says, at the root of the origin", async () => {
    await signIn(browse);
    const url = new URL(asked[0]?.url ?? "");
    expect(url.origin + url.pathname).toBe(`${baseUrl.origin}/oauth/authorize`);
    const { state, code_challenge, redirect_uri, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      client_id: "gumloop_cli",
      response_type: "code",
      scope: "gumloop_api userinfo",
      code_challenge_method: "S256",
    });
    expect(redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(state).toMatch(/^[\w-]{43}$/);
    expect(code_challenge).toMatch(/^[\w-]{43}$/);
    expect(forms[0]?.get("code_verifier")).toMatch(/^[\w-]{43}$/);
  });

  test("has a fresh state and verifier each time", async () => {
    for (let i = 0; i < 3; i++) await signIn(browse);
    expect(new Set(asked.map(({ url }) => stateOf(url))).size).toBe(3);
    expect(new Set(forms.map((form) => form.get("code_verifier"))).size).toBe(3);
  });

  test("starts the program of $BROWSER with the listener already there", async () => {
    const script = join(folder, "browser");
    writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' -e 'await fetch(process.argv[1])' "$1"\n`);
    chmodSync(script, 0o755);
    const kept = process.env["BROWSER"];
    process.env["BROWSER"] = script;
    let opened: boolean | undefined;
    try {
      await signIn(
        (_, was) => {
          opened = was;
        },
        { openBrowser: true },
      );
    } finally {
      if (kept === undefined) delete process.env["BROWSER"];
      else process.env["BROWSER"] = kept;
    }
    expect(opened).toBe(true);
    expect(forms).toHaveLength(1);
  });

  test.each([
    ["access_denied", "E_AUTHORIZATION_DENIED"],
    ["invalid_scope", "E_REJECTED"],
  ])("ends with %s and no token request", async (error, code) => {
    const denied = signIn((url) => fetch(`${callbackOf(url)}?error=${error}&state=${stateOf(url)}`));
    await expect(denied).rejects.toMatchObject({ code });
    expect(forms).toHaveLength(0);
  });

  test.each([
    ["refused", () => Response.json({ error: "invalid_grant" }, { status: 400 }), "E_REJECTED"],
    ["busy", () => new Response("", { status: 503 }), "E_SERVER"],
    [
      "a portal",
      () => new Response("", { status: 302, headers: { location: "http://127.0.0.1:1" } }),
      "E_NETWORK",
    ],
  ])("sends one token request even when the server is %s", async (_, answer, code) => {
    tokenAnswer = answer;
    let shown = "";
    const failed = signIn((url) => {
      shown = url;
      return browse(url);
    });
    await expect(failed).rejects.toMatchObject({ code });
    expect(forms).toHaveLength(1);
    expect(await isClosed(shown)).toBe(true);
  });

  test("goes on when strangers come first", async () => {
    const tokens = await signIn(async (url) => {
      const callback = callbackOf(url);
      for (const query of [
        "?error=access_denied",
        "?code=x&state=y",
        `?code=x&state=${stateOf(url)}&iss=http://evil.example`,
      ]) {
        expect((await fetch(callback + query)).status).toBe(400);
      }
      await browse(url);
    });
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
  });
});

describe("by pasting", () => {
  /** A stdin that stays open; returns how to type into it. */
  function keyboard(): {
    stream: ReadableStream<Uint8Array>;
    type(text: string): void;
    end(): void;
    left(): boolean;
  } {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      start: (c) => {
        controller = c;
      },
      cancel: () => {
        cancelled = true;
      },
    });
    return {
      stream,
      type: (text) => controller?.enqueue(new TextEncoder().encode(text)),
      end: () => controller?.close(),
      left: () => cancelled,
    };
  }

  /** Where the browser ends up, on another machine. */
  async function redirectOf(url: string): Promise<string> {
    return (await fetch(url, { redirect: "manual" })).headers.get("location") ?? "";
  }

  test("the redirect address, and stdin is let go", async () => {
    const { stream, type, left } = keyboard();
    const tokens = await signIn(async (url) => type(`${await redirectOf(url)}\n`), { pasted: stream });
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
    expect(left()).toBe(true);
  });

  test("the bare code, without a line end before the end of the input", async () => {
    const { stream, type, end } = keyboard();
    const tokens = await signIn(
      async (url) => {
        type(new URL(await redirectOf(url)).searchParams.get("code") ?? "");
        end();
      },
      { pasted: stream },
    );
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
  });

  test("in pieces, after empty and wrong lines, which are told apart", async () => {
    const { stream, type } = keyboard();
    const ignored: string[] = [];
    const tokens = await signIn(
      async (url) => {
        const address = await redirectOf(url);
        type("\n  \r\nwhat now?\r\n");
        type(`${url}\n${address.replace("state=", "state=x")}\n`);
        type(address.slice(0, 30));
        await Bun.sleep(5);
        type(`${address.slice(30)}\r\n`);
      },
      { pasted: stream, onPasteIgnored: (reason) => ignored.push(reason) },
    );
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
    expect(ignored).toHaveLength(3);
    expect(ignored[0]).toBe("it is neither an address nor a code");
    expect(ignored[1]).toStartWith("it is not an address that starts with http://127.0.0.1:");
    expect(ignored[2]).toBe("it does not belong to this sign-in");
    expect(forms).toHaveLength(1);
  });

  test("a word that the server does not take for a code is told, and the wait goes on", async () => {
    const { stream, type } = keyboard();
    const ignored: string[] = [];
    const tokens = await signIn(
      async (url) => {
        tokenAnswer = () => Response.json({ error: "invalid_grant" }, { status: 400 });
        type("stray\n");
        while (ignored.length === 0) await Bun.sleep(20);
        tokenAnswer = null;
        type(`${await redirectOf(url)}\n`);
      },
      { pasted: stream, onPasteIgnored: (reason) => ignored.push(reason) },
    );
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
    expect(ignored).toEqual(["the server does not accept it as a code"]);
  });

  test("an address that a terminal wrapped over three lines", async () => {
    const { stream, type } = keyboard();
    const tokens = await signIn(
      async (url) => {
        const address = await redirectOf(url);
        for (const part of [address.slice(0, 30), address.slice(30, 60), address.slice(60)])
          type(`${part}\n`);
      },
      { pasted: stream },
    );
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
  });

  test("a denial ends it", async () => {
    const { stream, type } = keyboard();
    const denied = signIn((url) => type(`${callbackOf(url)}?error=access_denied&state=${stateOf(url)}\n`), {
      pasted: stream,
    });
    await expect(denied).rejects.toMatchObject({ code: "E_AUTHORIZATION_DENIED" });
  });

  test("an input that ends or fails leaves the browser's way open", async () => {
    const ended = keyboard();
    await signIn(
      (url) => {
        ended.end();
        setTimeout(() => browse(url), 50);
      },
      { pasted: ended.stream },
    );
    const failing = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("EIO")),
    });
    await signIn((url) => setTimeout(() => browse(url), 50), { pasted: failing });
    expect(forms).toHaveLength(2);
  });

  test("a line of 64 MB is let pass without being kept", async () => {
    const flood = new Uint8Array(65_536).fill(97);
    const before = memory();
    let kept = Number.POSITIVE_INFINITY;
    let left = 1000;
    const approved = Promise.withResolvers<void>(); // a code that is pasted before would be refused
    const stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (left === 0) {
          kept = memory();
          await approved.promise;
          return controller.enqueue(new TextEncoder().encode("\ncode-EXAMPLE-1\n"));
        }
        left--;
        controller.enqueue(flood);
      },
    });
    const approve = (url: string) => redirectOf(url).then(() => approved.resolve());
    await signIn(approve, { pasted: stream, timeoutMs: 60_000 });
    expect(kept - before).toBeLessThan(16e6);
    expect(forms[0]?.get("code")).toBe("code-EXAMPLE-1");
  });
});

/** In bytes, without garbage. */
function memory(): number {
  Bun.gc(true);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("nothing is left behind that keeps the process alive, though stdin stays open", async () => {
  const source = join(import.meta.dir, "../../../src");
  const program = `
    import { parseBaseUrl } from ${JSON.stringify(`${source}/core/base-url.ts`)};
    import { signInWithBrowser } from ${JSON.stringify(`${source}/gumloop/oauth/sign-in.ts`)};
    const baseUrl = parseBaseUrl(${JSON.stringify(baseUrl.href)});
    const pasted = Bun.stdin.stream();
    const onUrl = async (url) => void (await fetch(url, { keepalive: false }));
    await signInWithBrowser({ baseUrl, callbackPort: 0, openBrowser: false, timeoutMs: 60_000, onUrl, pasted });
    console.log("signed in");
  `;
  const file = join(folder, "signs-in.ts");
  writeFileSync(file, program);
  const started = performance.now();
  const child = Bun.spawn([process.execPath, file], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  expect(await child.stdout.text()).toBe("signed in\n");
  expect(await child.exited).toBe(0);
  expect(performance.now() - started).toBeLessThan(SOON_MS);
});

describe("the deadline", () => {
  const halfOpen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write("GET /callback HTTP/1.1\r\nHost: ");
        resolve();
      });
      socket.on("error", () => {});
      sockets.push(socket);
    });

  test.each([[0], [1], [100]])(
    "fires in time with %d half-open connections, and the port is free",
    async (count) => {
      let shown = "";
      const started = performance.now();
      const late = signIn(
        async (url) => {
          shown = url;
          const port = Number(new URL(callbackOf(url)).port);
          await Promise.all(Array.from({ length: count }, () => halfOpen(port)));
        },
        { timeoutMs: 400 },
      );
      await expect(late).rejects.toMatchObject({
        code: "E_TIMEOUT",
        message: "no response from the browser within 0.4 s",
        hint: expect.stringContaining("--no-browser"),
      });
      expect(performance.now() - started).toBeLessThan(SOON_MS);
      expect(await isClosed(shown)).toBe(true);
      expect(forms).toHaveLength(0);
    },
  );

  test("a good callback beside 100 half-open connections comes through", async () => {
    const tokens = await signIn(async (url) => {
      const port = Number(new URL(callbackOf(url)).port);
      await Promise.all(Array.from({ length: 100 }, () => halfOpen(port)));
      await browse(url);
    });
    expect(reveal(tokens.accessToken)).toEndWith("code-EXAMPLE-1");
  });
});

test("an interrupt ends the wait at once, and one before it the start", async () => {
  let shown = "";
  const controller = new AbortController();
  const started = performance.now();
  const interrupted = signIn(
    (url) => {
      shown = url;
      setTimeout(() => controller.abort(), 30);
    },
    { signal: controller.signal },
  );
  await expect(interrupted).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  expect(await isClosed(shown)).toBe(true);
  await expect(signIn(() => {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "E_INTERRUPTED",
  });
});

test("a busy port ends it before any address is shown", async () => {
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  let shown = false;
  const busy = signIn(
    () => {
      shown = true;
    },
    { callbackPort: taken.port },
  );
  await expect(busy).rejects.toMatchObject({ code: "E_PORT_BUSY" });
  expect(shown).toBe(false);
  taken.stop(true);
});

test("a caller that fails to show the address gets its own error, and the port is free", async () => {
  let shown = "";
  const failed = signInWithBrowser({
    ...defaults,
    onUrl: (url) => {
      shown = url;
      throw new Error("no terminal");
    },
  });
  await expect(failed).rejects.toThrow("no terminal");
  expect(await isClosed(shown)).toBe(true);
});
