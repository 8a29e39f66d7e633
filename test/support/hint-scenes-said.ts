/** What warnings, notes and outputs advise. */
import { exported, pipesLogin, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import { storeSession } from "./stored-session.ts";

export const SAID_SCENES: readonly Scene[] = [
  {
    name: "login: a variable wins over what was stored",
    code: null,
    where: "line",
    once: true,
    shows: ["{name} is set and wins over what was stored; to use the keychain, run 'unset {name}'"],
    prepare(stage) {
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.world.server.issueTokens().accessToken;
      stage.line = pipesLogin(stage, " --profile work");
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
      stage.line = pipesLogin(stage, " --profile work");
      // Whether the shell has the new one now is what counts.
      stage.does.push([
        /eval/,
        () => {
          stage.line = "gum-cred explain gumloop --profile work";
        },
      ]);
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
      const { baseUrl } = stage.world.server;
      await storeSession(stage.world, "work", {
        ...stage.world.server.issueTokens(),
        baseUrl,
        expiresAtMs: Date.now() + 3_600_000,
      });
      stage.typed.push("eval $(gum-cred env --profile work)");
      stage.line = "gum-cred refresh --profile work";
      stage.does.push([
        /eval/,
        () => {
          stage.line = "gum-cred get gumloop --profile work";
        },
      ]);
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
      stage.does.push([
        /gum-cred login/,
        () => {
          stage.line = "gum-cred get gumloop --profile work";
        },
      ]);
    },
  },
  {
    name: "plugins remove: the keys are kept",
    code: null,
    where: "line",
    once: true,
    shows: [
      "note: {which} still in the keychain, under the service 'gum-cred'; with the plugin installed again, 'gum-cred keys remove {id}' removes them",
    ],
    async prepare(stage) {
      await stage.run("gum-cred plugins add deepgram --yes");
      await stage.run("echo dg-EXAMPLE-0123456789 | gum-cred keys set deepgram --key - --no-verify");
      stage.line = "gum-cred plugins remove deepgram";
      stage.does.push([
        /with the plugin installed again/,
        async () => {
          await stage.run("gum-cred plugins add deepgram --yes");
          stage.line = "gum-cred keys list";
        },
      ]);
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
      "No plugins are installed. 'gum-cred plugins list --catalogue' shows those that can be installed by name,\nand 'gum-cred plugins new ID' prints a manifest to begin with.",
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
      "Signed in to Gumloop with {how}{account}{where}. The credential is in the OS keychain ({result.backend}).\nNext: 'eval $(gum-cred env{profile})' puts it into this shell; 'gum-cred exec{profile} -- CMD' runs one command with it.",
    ],
    prepare(stage) {
      stage.line = pipesLogin(stage, " --profile work");
      stage.values["CMD"] = "true";
      stage.does.push([
        /eval/,
        () => {
          stage.line = 'test -n "$GUMLOOP_API_KEY"';
        },
      ]);
      stage.does.push([
        /gum-cred exec/,
        () => {
          stage.line = "gum-cred get gumloop --profile work";
        },
      ]);
    },
  },
];
