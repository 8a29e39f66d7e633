/** Waiting for the browser: what ends the wait, what does not, and what a person sees of it. */

import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { gumCred } from "../support/binary.ts";
import { SOON_MS } from "../support/patience.ts";
import { storeSession } from "../support/stored-session.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  world.server.reset();
});

let port = 28_000 + Math.floor(Math.random() * 1_000);

/** A login without a browser, waiting; its address is known. */
async function startLogin(profile: string, ...more: string[]) {
  const where = ["--callback-port", String(++port), "--profile", profile, "--base-url", world.server.baseUrl];
  const child = Bun.spawn([gumCred(), "login", "--method", "oauth", "--no-browser", ...where, ...more], {
    env: { PATH: "/usr/bin:/bin", ...world.env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = child.stderr.text();
  const reader = child.stdout.getReader();
  let stdout = "";
  while (!stdout.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    stdout += new TextDecoder().decode(value);
  }
  const [url = ""] = stdout.split("\n");
  return {
    child,
    url,
    port,
    stderr,
    /** The rest of stdout, once it is over. */
    rest: async () => {
      let text = stdout;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += new TextDecoder().decode(value);
      }
    },
  };
}

/** Where the server sends the browser once access was allowed. */
async function redirectOf(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: "manual" });
  return answer.headers.get("location") ?? "";
}

const stored = async (profile: string) =>
  Object.keys(await world.entries("gumloop-cli")).filter((account) => account.startsWith(`${profile}:`));

/** Connects, and says half of a request or nothing. */
function halfOpen(to: number, count: number): Promise<unknown> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const socket = connect(to, "127.0.0.1");
      sockets.push(socket);
      socket.on("error", () => {});
      if (index % 2 === 0) socket.write("GET /callback?code=x HTTP/1.1\r\nHost: 127");
      return new Promise<void>((resolve) => socket.on("connect", () => resolve()));
    }),
  );
}

describe("Ctrl-C", () => {
  test("during the wait: exit 130 at once, the port is free, nothing is stored", async () => {
    const login = await startLogin("ctrl-c");
    const pressed = performance.now();
    login.child.kill("SIGINT");
    expect(await login.child.exited).toBe(130);
    expect(performance.now() - pressed).toBeLessThan(SOON_MS);
    expect(await login.stderr).toContain("error[E_INTERRUPTED]");
    const again = Bun.serve({ hostname: "127.0.0.1", port: login.port, fetch: () => new Response() });
    await again.stop(true);
    expect(await stored("ctrl-c")).toEqual([]);
  });

  test("while the code is exchanged: the same", async () => {
    world.server.faults.inject({ path: "/oauth/token", hang: true });
    const login = await startLogin("ctrl-c", "--json");
    await fetch(await redirectOf(login.url));
    while (!world.server.log().some(({ path }) => path === "/oauth/token")) await Bun.sleep(5);
    login.child.kill("SIGINT");
    expect(await login.child.exited).toBe(130);
    expect(JSON.parse(await login.stderr)).toMatchObject({
      error: { code: "E_INTERRUPTED", exit_code: 130 },
    });
    expect(await stored("ctrl-c")).toEqual([]);
  });
});

describe("a paste on stdin", () => {
  for (const what of ["the whole address", "the bare code"] as const) {
    test(`of ${what} completes the sign-in; other lines are explained and change nothing`, async () => {
      const profile = what === "the bare code" ? "code" : "address";
      const login = await startLogin(profile);
      expect(login.url).toStartWith(`${world.server.url}/oauth/authorize?`);
      const redirect = await redirectOf(login.url);
      login.child.stdin.write("\nhttp://127.0.0.1:1/callback?code=x&state=y\nwhat is this\n");
      await login.child.stdin.flush();
      await Bun.sleep(100);
      expect(login.child.exitCode).toBeNull();
      const pasted = what === "the bare code" ? (new URL(redirect).searchParams.get("code") ?? "") : redirect;
      login.child.stdin.write(`${pasted}\n`);
      await login.child.stdin.flush();
      expect(await login.child.exited).toBe(0);
      expect((await login.stderr).match(/what was pasted does not count/g)).toHaveLength(2);
      expect((await login.rest()).split("\n")[1]).toStartWith("Signed in to Gumloop with OAuth");
      expect(await stored(profile)).toHaveLength(3);
    });
  }

  test("that ends without a word ends nothing", async () => {
    const login = await startLogin("eof");
    await login.child.stdin.end();
    await Bun.sleep(150);
    expect(login.child.exitCode).toBeNull();
    await fetch(await redirectOf(login.url));
    expect(await login.child.exited).toBe(0);
  });
});

describe("half-open connections", () => {
  for (const count of [1, 100]) {
    test(`${count} beside the good callback: the login succeeds and ends at once`, async () => {
      const login = await startLogin(`open${count}`);
      await halfOpen(login.port, count);
      const called = performance.now();
      expect((await fetch(await redirectOf(login.url))).status).toBe(200);
      expect(await login.child.exited).toBe(0);
      expect(performance.now() - called).toBeLessThan(SOON_MS);
    });
  }

  test("100 and nothing good: the deadline is kept, with strangers' callbacks in between", async () => {
    const started = performance.now();
    const login = await startLogin("deadline", "--timeout", "1");
    await halfOpen(login.port, 100);
    for (const query of ["error=access_denied", "code=x&state=wrong", "error=x&state="]) {
      expect((await fetch(`http://127.0.0.1:${login.port}/callback?${query}`)).status).toBe(400);
    }
    expect(await login.child.exited).toBe(5);
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(SOON_MS);
    expect(await login.stderr).toContain("error[E_TIMEOUT]");
    expect(await stored("deadline")).toEqual([]);
  });
});

describe("progress", () => {
  /** Runs on a terminal; what it showed. */
  const onTerminal = async (command: string) =>
    (await world.sh(`script -qec '${command}' /dev/null < /dev/null`)).stdout;

  test("is one line that goes again, on terminals, and only for what takes long", async () => {
    await storeSession(world, "slow", { ...world.server.issueTokens(), baseUrl: world.server.baseUrl });
    const status = "gum-cred status --verify --profile slow";
    expect(await onTerminal(status)).not.toContain("Asking Gumloop");
    world.server.faults.inject({ path: "/api/v1/models", delayMs: 600 });
    const shown = await onTerminal(status);
    expect(shown).toContain("Asking Gumloop …\r\u001b[2K");
    expect(shown).toContain("verified");
    expect(await onTerminal(`${status} --quiet`)).not.toContain("Asking");
    expect(await onTerminal(`${status} --json`)).not.toContain("Asking");
    world.server.faults.clear();
    world.server.faults.inject({ path: "/api/v1/models", delayMs: 2_500 });
    expect(await onTerminal(`${status} --json`)).toContain("Asking");
    expect((await world.ok(["status", "--verify", "--profile", "slow"])).stderr).toBe("");
  }, 20_000);

  test("is said for a refresh as well, on stderr, while stdout stays the value's alone", async () => {
    const tokens = world.server.issueTokens({ expiresIn: 0 });
    await storeSession(world, "late", { ...tokens, baseUrl: world.server.baseUrl, expiresAtMs: 1 });
    world.server.faults.inject({ path: "/oauth/token", delayMs: 600 });
    const shown = await onTerminal("gum-cred get gumloop --profile late > value");
    expect(shown).toBe("Refreshing the session …\r\u001b[2K");
  });

  test("is said for a source of the policy", async () => {
    const [slow, policy] = [`${world.home}/slow`, `${world.home}/policy.json`];
    await Bun.write(slow, "#!/bin/sh\nsleep 0.8\necho sk-EXAMPLE\n");
    const source = { command: [slow] };
    await Bun.write(policy, JSON.stringify({ version: 1, providers: { openai: { source } } }));
    await world.sh(`chmod 700 ${slow}; chmod 600 ${policy}`);
    const line = `env GUM_CRED_POLICY=${policy} gum-cred get openai`;
    expect(await onTerminal(line)).toBe("Asking the policy's sources …\r\u001b[2Ksk-EXAMPLE\r\n");
    expect(await onTerminal(`${line} --quiet`)).toBe("sk-EXAMPLE\r\n");
  });
});
