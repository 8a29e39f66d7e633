/** What doctor's rows advise. */
import { exported, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

const DOCTOR = "gum-cred doctor --json";

export const DOCTOR_SCENES: readonly Scene[] = [
  {
    name: "doctor: nobody is signed in under the profile",
    code: null,
    where: { row: "credential" },
    shows: ["run 'gum-cred login', or set GUMLOOP_ACCESS_TOKEN"],
    prepare(stage) {
      stage.line = `${DOCTOR} --profile work`;
      signsIn(stage);
    },
  },
  {
    name: "doctor: a value in a variable and in a file",
    code: null,
    where: { row: "variables" },
    shows: ["run 'unset {clash}_FILE' to use the value, or 'unset {clash}' to use the file"],
    prepare(stage) {
      signsIn(stage);
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.values["GUMLOOP_ACCESS_TOKEN"] ?? "";
      stage.env["GUMLOOP_ACCESS_TOKEN_FILE"] = stage.file("token", stage.env["GUMLOOP_ACCESS_TOKEN"]);
      stage.line = DOCTOR;
    },
  },
  {
    name: "doctor: a token and a key",
    code: null,
    where: { row: "variables" },
    shows: [
      "run '{unsetting(\"GUMLOOP_API_KEY\", ports)}' to use the token, or '{unsetting(\"GUMLOOP_ACCESS_TOKEN\", ports)}' to use the key",
    ],
    prepare(stage) {
      signsIn(stage);
      for (const name of ["GUMLOOP_ACCESS_TOKEN", "GUMLOOP_API_KEY", "GUMLOOP_USER_ID"]) {
        stage.env[name] = stage.values[name] ?? "";
      }
      stage.line = DOCTOR;
    },
  },
  {
    name: "doctor: what is exported is older than what is stored",
    code: null,
    where: { row: "exports" },
    shows: ["run 'eval $(gum-cred env)'"],
    async prepare(stage) {
      await exported(stage);
      await stage.world.signInWithKey("work");
      stage.line = `${DOCTOR} --profile work`;
    },
  },
  {
    name: "doctor: what is exported is stored no more",
    code: null,
    where: { row: "exports" },
    shows: ["run 'eval $(gum-cred env --unset)'"],
    async prepare(stage) {
      await exported(stage);
      await stage.world.ok(["logout", "--profile", "work"]);
      stage.line = `${DOCTOR} --profile work`;
    },
  },
  {
    name: "doctor: what was exported was changed",
    code: null,
    where: { row: "exports" },
    shows: ["run 'unset {changed.join(\" \")}' to use what is stored"],
    async prepare(stage) {
      await exported(stage);
      stage.env["GUMLOOP_API_KEY"] = "gum-EXAMPLE-mine";
      stage.line = `${DOCTOR} --profile work`;
    },
  },
  {
    name: "doctor: the stored key is refused",
    code: null,
    where: { row: "acceptance" },
    shows: ["run 'gum-cred login' to store another one"],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      stage.world.server.revokeEverything();
      stage.line = `${DOCTOR} --profile work`;
      stage.tells.push(/check that the key was copied/);
      signsIn(stage, { over: true });
    },
  },
  {
    name: "doctor: the bus hangs up",
    code: null,
    where: { row: "credential" },
    shows: [],
    prepare(stage) {
      const path = `${stage.home}/bus`;
      const bus = Bun.listen({ unix: path, socket: { data: (socket) => void socket.end() } });
      stage.ends.push(() => bus.stop(true));
      stage.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${path}`;
      stage.line = DOCTOR;
      signsIn(stage);
    },
  },
  {
    name: "doctor: the keychain is locked",
    code: null,
    where: { row: "keychain" },
    shows: ["run 'gum-cred keychain unlock' on a terminal, and the command again"],
    async prepare(stage) {
      await stage.world.signInWithKey();
      await stage.world.keyring.lock();
      stage.line = DOCTOR;
      stage.answers.push([
        /^gum-cred keychain unlock/,
        [{ wait: "(hidden): ", type: "keyring-password-EXAMPLE\r" }],
      ]);
      signsIn(stage);
    },
  },
  {
    name: "doctor: another keyring of Python's",
    code: null,
    where: { row: "official_cli" },
    shows: ["run 'unset PYTHON_KEYRING_BACKEND' to use the same one"],
    prepare(stage) {
      stage.env["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring";
      stage.line = DOCTOR;
    },
  },
];
