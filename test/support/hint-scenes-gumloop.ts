/** Hints about Gumloop's credential in force: where it is, where it may go, and what the server says of it. */
import { browses, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";
import { storeEntries, storeExpiredSession, storeSession } from "./stored-session.ts";

const at = (stage: Stage): string => `--base-url ${stage.world.server.baseUrl}`;

export const GUMLOOP_SCENES: readonly Scene[] = [
  {
    name: "nobody is signed in, under a profile",
    code: "E_NOT_SIGNED_IN",
    shows: ["run 'gum-cred login', or set GUMLOOP_ACCESS_TOKEN"],
    prepare(stage) {
      stage.line = `gum-cred get gumloop --profile work ${at(stage)}`;
      stage.env["GUMLOOP_BASE_URL"] = "";
      signsIn(stage);
      stage.values["GUMLOOP_BASE_URL"] = stage.world.server.baseUrl;
    },
  },
  {
    name: "nothing to renew",
    code: "E_NOT_SIGNED_IN",
    shows: ["run 'gum-cred login' to sign in"],
    prepare(stage) {
      stage.line = "gum-cred refresh --profile work";
      browses(stage);
      // Enter alone chooses the browser, which comes back to the port that everybody has.
      stage.answers.push([/^gum-cred login/, [{ wait: "Sign in to Gumloop", type: "\r" }]]);
    },
  },
  {
    name: "a token in a file that the server does not know",
    code: "E_REJECTED",
    shows: ["run 'unset {location}' to use the one in the keychain"],
    async prepare(stage) {
      await stage.world.signInWithKey();
      stage.env["GUMLOOP_ACCESS_TOKEN_FILE"] = stage.file("token", "at-EXAMPLE-wrong");
      stage.line = "gum-cred status --verify";
      stage.tells.push(/the token has expired/);
    },
  },
  {
    name: "a session that has ended at the server",
    code: "E_EXPIRED",
    once: true,
    shows: ["run 'gum-cred login' to sign in again"],
    async prepare(stage) {
      await storeExpiredSession(stage.world, "work");
      stage.world.server.revokeEverything();
      stage.line = "gum-cred get gumloop --profile work";
      signsIn(stage);
    },
  },
  {
    name: "a session without a refresh token that is over",
    code: "E_EXPIRED",
    shows: ["run 'gum-cred login' to sign in again"],
    async prepare(stage) {
      const { accessToken } = stage.world.server.issueTokens({ expiresIn: 0 });
      const { baseUrl } = stage.world.server;
      await storeSession(stage.world, "default", { accessToken, baseUrl, expiresAtMs: Date.now() - 1_000 });
      stage.line = "gum-cred get gumloop";
      signsIn(stage, { over: true });
    },
  },
  {
    name: "a stored key that the server does not know",
    code: "E_REJECTED",
    shows: ["run 'gum-cred login' to store another one"],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      stage.world.server.revokeEverything();
      stage.line = "gum-cred status --verify --profile work";
      stage.tells.push(/check that the key was copied/);
      signsIn(stage, { over: true });
    },
  },
  {
    name: "a token in a variable that the server does not know",
    code: "E_REJECTED",
    shows: ["run 'unset {location}' to use the one in the keychain"],
    async prepare(stage) {
      await stage.world.signInWithKey();
      stage.env["GUMLOOP_ACCESS_TOKEN"] = "at-EXAMPLE-wrong";
      stage.line = "gum-cred teams";
      stage.tells.push(/the token has expired/);
    },
  },
  {
    name: "a key that belongs to another user id",
    code: "E_FORBIDDEN",
    shows: ["{own}; it was sent to {baseUrl}"],
    prepare(stage) {
      const { key, userId } = stage.world.server.addApiKey();
      stage.pipes.push([/--api-key -/, key]);
      stage.line = "gum-cred login --api-key - --user-id somebody";
      stage.tells.push(/most often the user id/, /API keys need/, /a team key needs/);
      stage.does.push([
        /somebody else: copy it/,
        () => {
          stage.line = `gum-cred login --api-key - --user-id ${userId}`;
        },
      ]);
      stage.tells.push(/it was sent to/);
    },
  },
  {
    name: "another server than the stored credential's",
    code: "E_BASE_URL_MISMATCH",
    shows: [
      "run 'gum-cred login --profile NAME' to sign in there, and give --profile NAME here too; or leave the other base URL out",
    ],
    async prepare(stage) {
      await stage.world.signInWithKey();
      stage.env["GUMLOOP_BASE_URL"] = "";
      await storeEntries(stage.world, "gumloop-cli", {
        "default:base_url": "https://gumloop.example/api/v1",
      });
      stage.line = `gum-cred get gumloop ${at(stage)}`;
      stage.values["NAME"] = "other";
      signsIn(stage);
      stage.does.push([
        /leave the other/,
        () => {
          stage.line = "gum-cred get gumloop";
        },
      ]);
      stage.does.push([
        /give --profile NAME here/,
        () => {
          stage.line += " --profile other";
        },
      ]);
    },
  },
  {
    name: "a stored key that lost its user id",
    code: "E_INCOMPLETE",
    shows: ["run 'gum-cred login' to store the complete credential again"],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      await stage.world.sh("secret-tool clear service gumloop-cli username work:user_id");
      stage.line = "gum-cred get gumloop --profile work";
      signsIn(stage, { over: true });
    },
  },
  {
    name: "a stored base URL that is none",
    code: "E_MALFORMED",
    shows: ["run 'gum-cred login' to store the complete credential again"],
    async prepare(stage) {
      await stage.world.signInWithKey();
      await storeEntries(stage.world, "gumloop-cli", { "default:base_url": "ftp://x" });
      stage.line = "gum-cred get gumloop";
      signsIn(stage, { over: true });
    },
  },
  {
    name: "a field that the credential does not have",
    code: "E_NO_CREDENTIAL",
    shows: ["run 'gum-cred explain {provider.id}' to see which one wins and why"],
    async prepare(stage) {
      await stage.world.signInWithToken("work");
      await stage.world.signInWithKey("keyed");
      stage.line = "gum-cred get gumloop --field user_id --profile work";
      stage.reads.push([
        /^gum-cred explain gumloop --profile work/,
        "access_token",
        () => {
          stage.line = "gum-cred get gumloop --field user_id --profile keyed";
        },
      ]);
    },
  },
  {
    name: "a base URL without TLS",
    code: "E_BASE_URL_REFUSED",
    shows: ["use https, or http to a literal loopback address such as 127.0.0.1"],
    prepare(stage) {
      signsIn(stage);
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.values["GUMLOOP_ACCESS_TOKEN"] ?? "";
      stage.line = "gum-cred get gumloop --base-url http://gumloop.example/api/v1";
      stage.does.push([
        /^use https/,
        () => {
          stage.line = "gum-cred get gumloop --base-url https://gumloop.example/api/v1";
        },
      ]);
      stage.does.push([
        /literal loopback/,
        () => {
          stage.line = `gum-cred get gumloop ${at(stage)}`;
        },
      ]);
    },
  },
  {
    name: "a base URL that is none",
    code: "E_INVALID_VALUE",
    shows: [
      "write it as https://HOST[:PORT][/PATH], or http://127.0.0.1:PORT[/PATH] for a server on this machine",
    ],
    prepare(stage) {
      signsIn(stage);
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.values["GUMLOOP_ACCESS_TOKEN"] ?? "";
      stage.line = "gum-cred get gumloop --base-url gumloop";
      stage.does.push([
        /https:..HOST/,
        () => {
          stage.line = "gum-cred get gumloop --base-url https://gumloop.example";
        },
      ]);
      stage.does.push([
        /http:..127/,
        () => {
          stage.line = `gum-cred get gumloop ${at(stage)}`;
        },
      ]);
    },
  },
];
