/** What doctor, warnings, notes and outputs advise. */
import type { Scene } from "./hint-follow.ts";
import { type Stage, signsIn } from "./hint-stage.ts";

const DOCTOR = "gum-cred doctor --json";

/** Signed in under a profile, and that profile's token exported into this shell. */
async function exported(stage: Stage): Promise<void> {
  await stage.world.signInWithKey("work");
  stage.typed.push("eval $(gum-cred env --profile work)");
}

/** `gum-cred login` with a new key, under a profile. */
function logsIn(stage: Stage, profile: string): string {
  const { key, userId } = stage.world.server.addApiKey();
  stage.pipes.push([/--api-key -/, key]);
  return `gum-cred login --api-key - --user-id ${userId} --profile ${profile}`;
}

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
      // Once, into the person's own environment: the shell of the scene starts with it.
      const { stdout } = await stage.run(
        "printenv GUMLOOP_API_KEY GUMLOOP_USER_ID GUM_CRED_EXPORTED GUMLOOP_BASE_URL",
      );
      keep(stage, stdout);
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
      const { stdout } = await stage.run(
        "printenv GUMLOOP_API_KEY GUMLOOP_USER_ID GUM_CRED_EXPORTED GUMLOOP_BASE_URL",
      );
      keep(stage, stdout);
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
      const { stdout } = await stage.run(
        "printenv GUMLOOP_API_KEY GUMLOOP_USER_ID GUM_CRED_EXPORTED GUMLOOP_BASE_URL",
      );
      keep(stage, stdout);
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
    name: "login: a variable wins over what was stored",
    code: null,
    where: "line",
    once: true,
    shows: ["{name} is set and wins over what was stored; to use the keychain, run 'unset {name}'"],
    prepare(stage) {
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.world.server.issueTokens().accessToken;
      stage.line = logsIn(stage, "work");
    },
  },
  {
    name: "login: this shell has the sign-in before",
    code: null,
    where: "line",
    once: true,
    shows: ["{names} in this shell is of an earlier sign-in; run 'eval $(gum-cred env)'"],
    async prepare(stage) {
      await exported(stage);
      const { stdout } = await stage.run(
        "printenv GUMLOOP_API_KEY GUMLOOP_USER_ID GUM_CRED_EXPORTED GUMLOOP_BASE_URL",
      );
      keep(stage, stdout);
      stage.line = logsIn(stage, "work");
      // Whether the shell has the new one now is what counts.
      stage.does.push([/eval/, () => void (stage.line = "gum-cred explain gumloop --profile work")]);
    },
  },
  {
    name: "logout: what is in the environment works on",
    code: null,
    where: "line",
    once: true,
    shows: ['{still.join(" and ")} in the environment still works; run \'unset {still.join(" ")}\' as well'],
    async prepare(stage) {
      await stage.world.signInWithToken("work");
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.world.server.issueTokens().accessToken;
      stage.line = "gum-cred logout --profile work";
    },
  },
  {
    name: "refresh: this shell has the token before",
    code: null,
    where: "line",
    once: true,
    shows: ["note: this shell still has the token before; run 'eval $(gum-cred env)'"],
    async prepare(stage) {
      const { storeSession } = await import("./stored-session.ts");
      const { baseUrl } = stage.world.server;
      await storeSession(stage.world, "work", {
        ...stage.world.server.issueTokens(),
        baseUrl,
        expiresAtMs: Date.now() + 3_600_000,
      });
      stage.typed.push("eval $(gum-cred env --profile work)");
      const { stdout } = await stage.run("printenv GUMLOOP_ACCESS_TOKEN GUM_CRED_EXPORTED GUMLOOP_BASE_URL");
      keep(stage, stdout, ["GUMLOOP_ACCESS_TOKEN", "GUM_CRED_EXPORTED", "GUMLOOP_BASE_URL"]);
      stage.line = "gum-cred refresh --profile work";
      stage.does.push([/eval/, () => void (stage.line = "gum-cred get gumloop --profile work")]);
    },
  },
  {
    name: "profiles use: a variable wins over the choice",
    code: null,
    where: "line",
    shows: ["GUM_CRED_PROFILE is set in this shell and wins over it; run 'unset GUM_CRED_PROFILE'"],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      stage.env["GUM_CRED_PROFILE"] = "home";
      stage.line = "gum-cred profiles use work";
    },
  },
  {
    name: "keys import: Gumloop's own variable is left out",
    code: null,
    where: "line",
    shows: ["note: {name} is left out; store it with 'gum-cred login'"],
    prepare(stage) {
      stage.file(".env", `GUMLOOP_API_KEY=gum-EXAMPLE\nOPENAI_API_KEY=${stage.vendors.addKey("openai")}\n`);
      stage.line = "gum-cred keys import .env --no-verify --profile work";
      signsIn(stage);
      stage.does.push([/gum-cred login/, () => void (stage.line = "gum-cred get gumloop --profile work")]);
    },
  },
  {
    name: "keys list: there is none under the profile",
    code: null,
    where: "output",
    shows: ["No LLM keys. Run 'gum-cred keys set PROVIDER' to store one."],
    prepare(stage) {
      stage.line = "gum-cred keys list --profile work";
      stage.values["PROVIDER"] = "openai";
      stage.answers.push([
        /^gum-cred keys set openai --profile work/,
        [{ wait: "(hidden): ", type: `${stage.vendors.addKey("openai")}\r` }],
      ]);
    },
  },
  {
    name: "profiles: there is none",
    code: null,
    where: "output",
    shows: ["No profile is stored. 'gum-cred login' makes one."],
    prepare(stage) {
      stage.line = "gum-cred profiles";
      signsIn(stage);
    },
  },
  {
    name: "plugins list: there is none",
    code: null,
    where: "output",
    shows: [
      "No plugins are installed. 'gum-cred plugins list --catalogue' shows those that can be installed by name,\n",
    ],
    prepare(stage) {
      stage.line = "gum-cred plugins list";
      stage.values["ID"] = "kestrel";
      stage.reads.push([/--catalogue/, "deepgram", () => stage.run("gum-cred plugins add deepgram --yes")]);
    },
  },
  {
    name: "login: what comes next, under a profile",
    code: null,
    where: "output",
    once: true,
    shows: [
      "'eval $(gum-cred env{profile})' puts it into this shell; 'gum-cred exec{profile} -- CMD' runs one command with it.",
    ],
    prepare(stage) {
      stage.line = logsIn(stage, "work");
      stage.values["CMD"] = "true";
      stage.does.push([/eval/, () => void (stage.line = 'test -n "$GUMLOOP_API_KEY"')]);
      stage.does.push([/gum-cred exec/, () => void (stage.line = "gum-cred get gumloop --profile work")]);
    },
  },
];

/** What was printed of variables becomes the person's environment, as it is of whoever ran `eval` before. */
function keep(
  stage: Stage,
  printed: string,
  names: readonly string[] = ["GUMLOOP_API_KEY", "GUMLOOP_USER_ID", "GUM_CRED_EXPORTED", "GUMLOOP_BASE_URL"],
): void {
  const values = printed.trimEnd().split("\n");
  if (values.length !== names.length) throw new Error(`not all of ${names.join()} were exported`);
  for (const [at, name] of names.entries()) stage.env[name] = values[at] ?? "";
  stage.typed.length = 0;
}
