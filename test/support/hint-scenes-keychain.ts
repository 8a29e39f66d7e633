/** Hints about the keychain: locked, hung, absent, named and missing, and not ours to use. */
import { sets, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";
import { startPrivateKeyring } from "./private-keyring.ts";

const PASSWORD = "keyring-password-EXAMPLE";

/** The person knows the keychain's password, and types it where it is asked for. */
function unlocks(stage: Stage): void {
  stage.answers.push([/^gum-cred keychain unlock/, [{ wait: "(hidden): ", type: `${PASSWORD}\r` }]]);
}

const WITHOUT = "without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

/** No bus and nowhere to look for one, as in a container. */
function nowhere(stage: Stage): void {
  Object.assign(stage.env, { DBUS_SESSION_BUS_ADDRESS: "", XDG_RUNTIME_DIR: stage.home });
}

export const KEYCHAIN_SCENES: readonly Scene[] = [
  {
    name: "locked, with the session in it",
    code: "E_KEYCHAIN_LOCKED",
    shows: [
      "run 'gum-cred keychain unlock' on a terminal; without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      await stage.world.keyring.lock();
      stage.line = "gum-cred get gumloop --profile work";
      signsIn(stage);
      unlocks(stage);
    },
  },
  {
    name: "locked, and nobody to ask",
    code: "E_KEYCHAIN_LOCKED",
    shows: [
      "on a terminal, without --no-input, 'gum-cred keychain unlock' asks for its password; {WITHOUT_KEYCHAIN}",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey();
      await stage.world.keyring.lock();
      stage.line = "gum-cred keychain unlock --no-input && gum-cred get gumloop";
      unlocks(stage);
      signsIn(stage);
      stage.does.push([/^on a terminal/, () => {}]);
      const lets = () => {
        stage.line = "gum-cred get gumloop";
      };
      stage.does.push([
        /without a keychain set/,
        () => {
          lets();
          sets(stage, "GUMLOOP_ACCESS_TOKEN");
        },
      ]);
      stage.does.push([
        /^GUMLOOP_API_KEY/,
        () => {
          lets();
          sets(stage, "GUMLOOP_API_KEY", "GUMLOOP_USER_ID");
        },
      ]);
    },
  },
  {
    name: "none was made yet",
    code: "E_KEYCHAIN_LOCKED",
    shows: ["run 'gum-cred keychain unlock' on a terminal, without --no-input"],
    async prepare(stage) {
      const keyring = await startPrivateKeyring({ unlocked: false });
      stage.ends.push(() => keyring.stop());
      const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = keyring.env;
      Object.assign(stage.env, { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR });
      stage.line = "gum-cred keychain";
      stage.answers.push([
        /^gum-cred keychain unlock/,
        [
          { wait: "(hidden): ", type: `${PASSWORD}\r` },
          { wait: "(hidden): ", type: `${PASSWORD}\r` },
        ],
      ]);
    },
  },
  {
    name: "no keychain service, asked for the credential",
    code: "E_NOT_SIGNED_IN",
    shows: ["set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID"],
    prepare(stage) {
      nowhere(stage);
      signsIn(stage);
      stage.line = "gum-cred get gumloop";
    },
  },
  {
    name: "no keychain service, signing in",
    code: "E_KEYCHAIN_UNAVAILABLE",
    shows: [WITHOUT],
    prepare(stage) {
      nowhere(stage);
      signsIn(stage);
      stage.line = "gum-cred login --method oauth";
      const reads = () => {
        stage.line = "gum-cred get gumloop";
      };
      stage.does.push([
        /^without a keychain set/,
        () => {
          reads();
          sets(stage, "GUMLOOP_ACCESS_TOKEN");
        },
      ]);
      stage.does.push([
        /^GUMLOOP_API_KEY/,
        () => {
          reads();
          sets(stage, "GUMLOOP_API_KEY", "GUMLOOP_USER_ID");
        },
      ]);
    },
  },
  {
    name: "no keychain service, asked for a vendor's key",
    code: "E_NO_CREDENTIAL",
    shows: ["set {variable}; create a key at {provider.setupUrl}"],
    prepare(stage) {
      nowhere(stage);
      stage.line = "gum-cred get openai --level team --team-id team_4f8c92ab";
      stage.values["GUM_CRED_TEAM_OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.tells.push(/create a key at/);
    },
  },
  {
    name: "locked, with a vendor's key in it",
    code: "E_KEYCHAIN_LOCKED",
    shows: [],
    async prepare(stage) {
      const key = stage.vendors.addKey("openai");
      await stage.world.ok(["keys", "set", "openai", "--key", "-", "--no-verify"], { stdin: key });
      await stage.world.keyring.lock();
      stage.line = "gum-cred get openai";
      unlocks(stage);
    },
  },
  {
    name: "a bus that is not there",
    code: "E_KEYCHAIN_UNREACHABLE",
    shows: [
      "run 'unset DBUS_SESSION_BUS_ADDRESS', or correct it; or set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey();
      stage.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere/bus";
      stage.line = "gum-cred get gumloop";
      signsIn(stage);
      stage.does.push([/^correct it/, () => void delete stage.env["DBUS_SESSION_BUS_ADDRESS"]]);
    },
  },
  {
    name: "a keychain named and missing",
    code: "E_KEYCHAIN_UNREACHABLE",
    shows: [
      "run 'unset GUM_CRED_KEYCHAIN', or set it to a keychain that runs; or set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey();
      stage.env["GUM_CRED_KEYCHAIN"] = "kwallet";
      stage.line = "gum-cred get gumloop";
      signsIn(stage);
      stage.does.push([
        /^set it to a keychain that runs/,
        () => {
          stage.env["GUM_CRED_KEYCHAIN"] = "secret-service";
        },
      ]);
    },
  },
  {
    name: "a wrong password",
    code: "E_KEYCHAIN_DENIED",
    once: true,
    shows: ["it is the password that the keychain was made with, most often that of the login"],
    async prepare(stage) {
      await stage.world.keyring.lock();
      stage.line = "gum-cred keychain unlock";
      const wrong = Array.from({ length: 3 }, () => ({ wait: "(hidden): ", type: "no\r" }));
      stage.onTerminal(wrong);
      stage.does.push([
        /it is the password/,
        () => stage.onTerminal([{ wait: "(hidden): ", type: `${PASSWORD}\r` }]),
      ]);
    },
  },
  {
    name: "a bus that denies the keychain",
    code: "E_KEYCHAIN_DENIED",
    shows: ["allow gum-cred to use the keychain and run the command again"],
    async prepare(stage) {
      const keyring = await startPrivateKeyring({ denySecrets: true });
      stage.ends.push(() => keyring.stop());
      const { DBUS_SESSION_BUS_ADDRESS = "", XDG_RUNTIME_DIR = "" } = keyring.env;
      Object.assign(stage.env, { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR });
      stage.line = "gum-cred keys list";
      stage.does.push([/allow gum-cred/, () => Object.assign(stage.env, stage.world.env)]);
    },
  },
  {
    name: "a program that is no bus at the bus's address",
    code: "E_KEYCHAIN_FAILED",
    shows: [
      "run 'unset DBUS_SESSION_BUS_ADDRESS', or set it to the bus of your own session; without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey();
      const path = `${stage.home}/bus`;
      const bus = Bun.listen({
        unix: path,
        socket: { data: (socket) => void socket.write("HTTP/1.1 400\r\n") },
      });
      stage.ends.push(() => bus.stop(true));
      stage.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${path}`;
      stage.line = "gum-cred get gumloop";
      stage.does.push([/^set it to the bus/, () => void delete stage.env["DBUS_SESSION_BUS_ADDRESS"]]);
      signsIn(stage);
    },
  },
  {
    name: "a bus that hangs up",
    code: "E_KEYCHAIN_FAILED",
    shows: [
      "run 'gum-cred doctor' to check the keychain; without it set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID",
    ],
    prepare(stage) {
      const path = `${stage.home}/bus`;
      const bus = Bun.listen({ unix: path, socket: { data: (socket) => void socket.end() } });
      stage.ends.push(() => bus.stop(true));
      stage.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${path}`;
      stage.line = "gum-cred get gumloop";
      signsIn(stage);
    },
  },
  {
    name: "a keychain that hangs",
    code: "E_KEYCHAIN_TIMEOUT",
    once: true,
    shows: [
      "end the keychain's program, so that it starts again; run 'gum-cred doctor' to see which one it is",
    ],
    prepare(stage) {
      stage.world.keyring.freeze();
      stage.ends.push(() => stage.world.keyring.thaw());
      stage.line = "gum-cred keys list";
      const mends = () => stage.world.keyring.thaw();
      stage.tells.push(/^end the keychain/);
      stage.reads.push([/^gum-cred doctor/, /gnome-keyring-daemon \(process \d+\)/, mends]);
    },
  },
];
