/** Finding and reaching the session bus: which addresses are taken, and that no wait is for ever. */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { GumCredError } from "../../../src/core/errors.ts";
import { sessionBusAddress } from "../../../src/dbus/session-bus.ts";
import { countingSocket, startPrivateBus, startSilentSocket } from "../../support/private-bus.ts";
import { startPrivateKeyring } from "../../support/private-keyring.ts";

const PROBE = `${import.meta.dir}/probe.ts`;

interface Ending {
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly ms: number;
}

/** Runs one operation in a process with just these variables. */
async function probe(
  env: Record<string, string>,
  operation = "state",
  timeoutMs = 1000,
  cwd = "/",
): Promise<Ending> {
  const child = Bun.spawn([process.execPath, PROBE, operation, String(timeoutMs)], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toHaveLength(1);
  return JSON.parse(stdout);
}

function addressIn(env: Record<string, string>): string {
  try {
    return sessionBusAddress(env);
  } catch (error) {
    if (error instanceof GumCredError) return error.code;
    throw error;
  }
}

describe("address", () => {
  test.each([
    ["unix:path=/run/user/1/bus", "unix:path=/run/user/1/bus"],
    ["unix:path=/run/user/1/bus,guid=0123", "unix:path=/run/user/1/bus,guid=0123"],
    ["unix:guid=0123,path=/a%20b", "unix:guid=0123,path=/a%20b"],
    ["unix:abstract=/tmp/dbus-x", "unix:abstract=/tmp/dbus-x"],
    ["tcp:host=localhost,port=1;unix:path=/b", "unix:path=/b"],
    ["unix:path=/a;unix:path=/b", "unix:path=/a;unix:path=/b"],
    ["autolaunch:", "E_KEYCHAIN_UNAVAILABLE"],
    ["autolaunch:scope=install-path", "E_KEYCHAIN_UNAVAILABLE"],
    ["unixexec:path=/bin/sh,argv1=-c,argv2=true", "E_KEYCHAIN_UNREACHABLE"],
    ["tcp:host=127.0.0.1,port=1", "E_KEYCHAIN_UNREACHABLE"],
    ["nonce-tcp:host=127.0.0.1,port=1,noncefile=/n", "E_KEYCHAIN_UNREACHABLE"],
    ["launchd:env=X", "E_KEYCHAIN_UNREACHABLE"],
    ["unix:tmpdir=/tmp", "E_KEYCHAIN_UNREACHABLE"],
    ["unix:path=", "E_KEYCHAIN_UNREACHABLE"],
    ["/run/user/1/bus", "E_KEYCHAIN_UNREACHABLE"],
    ["disabled:", "E_KEYCHAIN_UNAVAILABLE"],
  ])("DBUS_SESSION_BUS_ADDRESS=%s", (address, expected) => {
    expect(addressIn({ DBUS_SESSION_BUS_ADDRESS: address })).toBe(expected);
  });

  test("without the variable, or with an empty one: the runtime folder's socket, and only a socket", async () => {
    const bus = await startPrivateBus();
    const runtime = bus.env["XDG_RUNTIME_DIR"] ?? "";
    expect(addressIn({ XDG_RUNTIME_DIR: runtime })).toBe(`unix:path=${runtime}/bus`);
    expect(addressIn({ XDG_RUNTIME_DIR: runtime, DBUS_SESSION_BUS_ADDRESS: "" })).toBe(
      `unix:path=${runtime}/bus`,
    );
    await bus.stop();
    const folder = mkdtempSync("/tmp/gum-cred-run-");
    expect(addressIn({ XDG_RUNTIME_DIR: folder })).toBe("E_KEYCHAIN_UNAVAILABLE");
    writeFileSync(`${folder}/bus`, "no socket");
    expect(addressIn({ XDG_RUNTIME_DIR: folder })).toBe("E_KEYCHAIN_UNAVAILABLE");
    expect(addressIn({ XDG_RUNTIME_DIR: "relative" })).toBe("E_KEYCHAIN_UNAVAILABLE");
    expect(addressIn({})).toBe("E_KEYCHAIN_UNAVAILABLE");
    rmSync(folder, { recursive: true });
  });

  test("a runtime folder whose name needs escaping is reached", async () => {
    const keyring = await startPrivateKeyring();
    const folder = mkdtempSync("/tmp/gum-cred run; é=%,-");
    const { XDG_RUNTIME_DIR: runtime = "" } = keyring.env;
    Bun.spawnSync(["mv", `${runtime}/bus`, `${folder}/bus`]);
    expect((await probe({ XDG_RUNTIME_DIR: folder })).result).toBe("unlocked");
    rmSync(folder, { recursive: true });
    await keyring.stop();
  });
});

describe("reaching it", () => {
  test.each([
    ["accepts and never answers", false],
    ["authenticates and never answers Hello", true],
  ])("a bus that %s is a timeout, on time", async (_what, authenticates) => {
    const socket = await startSilentSocket({ authenticates });
    const ending = await probe({ DBUS_SESSION_BUS_ADDRESS: socket.address }, "read", 500);
    expect(ending.code).toBe("E_KEYCHAIN_TIMEOUT");
    expect(ending.ms).toBeWithin(480, 1000);
    expect(socket.connections()).toBe(1);
    await socket.stop();
  });

  test("a thousand short waits all end", async () => {
    const socket = await startSilentSocket({ authenticates: true });
    const script = `
      import { deadlineIn } from "${import.meta.dir}/../../../src/os/deadline.ts";
      import { openSessionBus } from "${import.meta.dir}/../../../src/dbus/client.ts";
      const bus = openSessionBus(process.env);
      for (let index = 0; index < 1000; index++) {
        try {
          bus.listen(deadlineIn(1 + Math.random()));
          process.exit(1);
        } catch (error) {
          if (error.code !== "E_KEYCHAIN_TIMEOUT") throw error;
        }
      }
    `;
    const env = { PATH: process.env["PATH"], DBUS_SESSION_BUS_ADDRESS: socket.address };
    const child = Bun.spawn([process.execPath, "-e", script], {
      env,
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    expect(await child.exited).toBe(0);
    await socket.stop();
  }, 30_000);

  test("a socket that is absent, refuses, or whose bus has no keychain is unavailable", async () => {
    const nothing = "unix:path=/tmp/gum-cred-no-such-socket";
    expect((await probe({ DBUS_SESSION_BUS_ADDRESS: nothing })).result).toBe("unavailable");

    const bus = await startPrivateBus();
    expect((await probe(bus.env)).result).toBe("unavailable");
    expect((await probe(bus.env, "read")).code).toBe("E_KEYCHAIN_UNAVAILABLE");
    const folder = mkdtempSync("/tmp/gum-cred-refusing-");
    Bun.spawnSync(["mv", `${bus.directory}/run/bus`, `${folder}/bus`]); // outlives its listener
    await bus.stop();
    expect(existsSync(`${folder}/bus`)).toBe(true);
    const refusing = await probe({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus` });
    expect(refusing.result).toBe("unavailable");
    rmSync(folder, { recursive: true });
  });

  test("a socket that hangs up or talks nonsense is a failure, not an absent keychain", async () => {
    for (const greeting of ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0".repeat(5000)]) {
      const folder = mkdtempSync("/tmp/gum-cred-bus-");
      const server = Bun.listen({
        unix: `${folder}/bus`,
        socket: {
          data(socket) {
            socket.write(greeting);
            socket.end();
          },
        },
      });
      const ending = await probe({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus` });
      expect(ending.code).toBe("E_KEYCHAIN_FAILED");
      server.stop(true);
      rmSync(folder, { recursive: true });
    }
  });

  test("no address can make a program run", async () => {
    const folder = mkdtempSync("/tmp/gum-cred-exec-");
    const script = `${folder}/dbus-launch`;
    writeFileSync(script, `#!/bin/sh\ntouch ${folder}/ran\n`);
    chmodSync(script, 0o755);
    const path = `${folder}:${process.env["PATH"]}`;
    for (const address of [`unixexec:path=${script}`, "autolaunch:", `autolaunch:;unixexec:path=${script}`]) {
      const ending = await probe({ DBUS_SESSION_BUS_ADDRESS: address, PATH: path, DISPLAY: ":9" });
      expect(ending.result).toBe("unavailable");
    }
    expect((await probe({ PATH: path, DISPLAY: ":9" })).result).toBe("unavailable");
    expect(existsSync(`${folder}/ran`)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  test("nothing is connected to before the first use", async () => {
    const socket = await countingSocket();
    const script = `
      import { openKeychain } from "${import.meta.dir}/../../../src/keychain/choose.ts";
      const keychain = openKeychain({ timeoutMs: 1000, mayPrompt: false });
      await keychain.read("service", []);
      await keychain.read("", ["x"]).catch(() => {});
      keychain.close();
    `;
    const env = { PATH: process.env["PATH"], DBUS_SESSION_BUS_ADDRESS: socket.address };
    expect(await Bun.spawn([process.execPath, "-e", script], { env }).exited).toBe(0);
    expect(socket.connections()).toBe(0);
    await socket.stop();
  });
});

test.each(["0123456789abcdef0123456789abcdef", ""])(
  "a bus whose GUID is not '%s' is not told anything",
  async (guid) => {
    const bus = await startPrivateBus();
    const [address = ""] = (bus.env["DBUS_SESSION_BUS_ADDRESS"] ?? "").split(",guid=");
    const of = (value: string) => ({ ...bus.env, DBUS_SESSION_BUS_ADDRESS: `${address},guid=${value}` });
    const ending = await probe(of(guid), "read");
    expect([ending.code, ending.message]).toEqual(["E_KEYCHAIN_DENIED", expect.stringContaining("GUID")]);
    await bus.stop();
  },
);

test.skipIf(process.getuid?.() !== 0)("a bus of another user is not told anything", async () => {
  const folder = mkdtempSync("/tmp/gum-cred-foreign-");
  const heard = `${folder}/heard`;
  writeFileSync(heard, "");
  chmodSync(folder, 0o777);
  chmodSync(heard, 0o666);
  const listen = `
import os, socket, sys
os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.bind("\\0" + sys.argv[1]); s.listen()
print("ready", flush=True)
c, _ = s.accept()
open(sys.argv[1] + "/heard", "ab").write(c.recv(4096))
print("heard", flush=True)`;
  const other = Bun.spawn(["python3", "-c", listen, folder], { stdout: "pipe" });
  const lines = other.stdout.getReader();
  await lines.read();
  const ending = await probe({ DBUS_SESSION_BUS_ADDRESS: `unix:abstract=${folder}` }, "read");
  expect([ending.code, ending.message]).toEqual([
    "E_KEYCHAIN_DENIED",
    expect.stringContaining("another user (uid 65534)"),
  ]);
  await lines.read();
  expect(await Bun.file(heard).text()).toBe("");
  other.kill();
  rmSync(folder, { recursive: true });
});

test.skipIf(process.getuid?.() !== 0)(
  "root's bus, seen by another user, is said to be another user's",
  async () => {
    const bus = await startPrivateBus();
    const address = bus.env["DBUS_SESSION_BUS_ADDRESS"] ?? "";
    Bun.spawnSync(["chmod", "-R", "a+rwX", bus.directory]);
    const line = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      process.execPath,
      PROBE,
      "read",
      "1000",
    ];
    const child = Bun.spawnSync(line, {
      cwd: "/",
      env: { PATH: process.env["PATH"], DBUS_SESSION_BUS_ADDRESS: address },
    });
    expect(JSON.parse(child.stdout.toString())).toMatchObject({
      code: "E_KEYCHAIN_DENIED",
      message: expect.stringContaining("another user (uid 0)"),
    });
    await bus.stop();
  },
);
