/** Hints about Gumloop's own credential: signing in, what is stored, and what the server says of it. */
import type { Scene } from "./hint-follow.ts";
import { type Stage, signsIn } from "./hint-stage.ts";
import { storeEntries, storeExpiredSession, storeSession } from "./stored-session.ts";

const at = (stage: Stage): string => `--base-url ${stage.world.server.baseUrl}`;

/** A browser that allows whatever it is shown, or what `consent` says. */
function browser(stage: Stage): void {
  const path = stage.file("browser", '#!/bin/sh\nexec curl -sSL --max-time 20 -o /dev/null "$1"\n', 0o755);
  stage.env["BROWSER"] = path;
}

const freePort = (): number => 20_000 + Math.floor(Math.random() * 20_000);

/** `gum-cred login` with a key, without being asked. */
function pipesKey(stage: Stage, more = ""): string {
  const { key, userId } = stage.world.server.addApiKey();
  stage.pipes.push([/--api-key -/, key]);
  return `gum-cred login --api-key - --user-id ${userId}${more}`;
}

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
    shows: ['run \'gum-cred login{profile === "default" ? "" : ` --profile ${profile}`}\' to sign in'],
    prepare(stage) {
      stage.line = "gum-cred refresh --profile work";
      browser(stage);
      stage.answers.push([/^gum-cred login/, [{ wait: "Sign in to Gumloop", type: "\r" }]]);
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
      stage.tells.push(/the token has expired/, /is of another server/);
    },
  },
  {
    name: "a key that belongs to another user id",
    code: "E_FORBIDDEN",
    shows: ["; it was sent to {baseUrl}"],
    prepare(stage) {
      const { key, userId } = stage.world.server.addApiKey();
      stage.pipes.push([/--api-key -/, key]);
      stage.line = "gum-cred login --api-key - --user-id somebody";
      stage.tells.push(/most often the user id/, /API keys need/, /a team key needs/);
      stage.does.push([
        /somebody else: copy it/,
        () => void (stage.line = `gum-cred login --api-key - --user-id ${userId}`),
      ]);
      stage.tells.push(/it was sent to/);
    },
  },
  {
    name: "consent denied in the browser",
    code: "E_AUTHORIZATION_DENIED",
    shows: ["choose Allow in the browser the next time"],
    once: true,
    prepare(stage) {
      const { behaviour } = stage.world.server;
      behaviour.consent = "deny";
      browser(stage);
      stage.ends.push(() => void (behaviour.consent = "approve"));
      stage.line = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.does.push([/choose Allow/, () => void (behaviour.consent = "approve")]);
    },
  },
  {
    name: "the port of the callback is taken",
    code: "E_PORT_BUSY",
    shows: ["end what listens on port {port}, or choose another with --callback-port"],
    prepare(stage) {
      const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("taken") });
      browser(stage);
      stage.ends.push(() => taken.stop(true));
      stage.line = `gum-cred login --method oauth --callback-port ${taken.port}`;
      const other = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.does.push([/end what listens/, () => taken.stop(true)]);
      stage.does.push([/choose another/, () => void (stage.line = other)]);
    },
  },
  {
    name: "a port that cannot be had",
    code: "E_INVALID_VALUE",
    shows: ["run 'gum-cred COMMAND --help' for its values"],
    prepare(stage) {
      browser(stage);
      stage.line = "gum-cred login --method oauth --callback-port 99999";
      const other = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.reads.push([/login --help/, "--callback-port PORT", () => void (stage.line = other)]);
    },
  },
  {
    name: "nothing comes back from the browser",
    code: "E_TIMEOUT",
    shows: ["--timeout SECONDS waits longer; without a browser on this machine add --no-browser"],
    once: true,
    prepare(stage) {
      stage.env["BROWSER"] = "/bin/true";
      const login = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.line = `${login} --timeout 1`;
      stage.does.push([
        /--timeout SECONDS/,
        () => {
          browser(stage);
          stage.line = `${login} --timeout 20`;
        },
      ]);
      // The person opens the address that stands on stdout.
      stage.does.push([
        /add --no-browser/,
        () => {
          stage.line = `mkfifo out; ${login} --timeout 20 --no-browser </dev/null >out & read -r url <out; curl -sSL -o /dev/null "$url"; wait $!`;
        },
      ]);
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
      stage.does.push([/leave the other/, () => void (stage.line = "gum-cred get gumloop")]);
      stage.does.push([/give --profile NAME here/, () => void (stage.line += " --profile other")]);
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
        () => void (stage.line = "gum-cred get gumloop --base-url https://gumloop.example/api/v1"),
      ]);
      stage.does.push([/literal loopback/, () => void (stage.line = `gum-cred get gumloop ${at(stage)}`)]);
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
        () => void (stage.line = "gum-cred get gumloop --base-url https://gumloop.example"),
      ]);
      stage.does.push([/http:..127/, () => void (stage.line = `gum-cred get gumloop ${at(stage)}`)]);
    },
  },
  {
    name: "a snippet for another server",
    code: "E_BASE_URL_MISMATCH",
    shows: [
      "copy the snippet again from the Webhook button of a workflow, or give that server with --base-url",
    ],
    prepare(stage) {
      const { key, userId } = stage.world.server.addApiKey();
      const snippet = (base: string) =>
        `curl -X POST '${base}/start_pipeline?user_id=${userId}&saved_item_id=x' -H 'Authorization: Bearer ${key}'`;
      const at = stage.file("snippet", snippet("https://evil.example/api/v1"));
      stage.line = `gum-cred login --from-webhook - <${at}`;
      stage.does.push([/copy the snippet/, () => stage.file("snippet", snippet(stage.world.server.baseUrl))]);
      stage.does.push([
        /give that server/,
        () => {
          stage.file("snippet", snippet(stage.world.server.baseUrl));
          stage.line = `gum-cred login --from-webhook - --base-url ${stage.world.server.baseUrl} <${at}`;
        },
      ]);
    },
  },
];

/** The server misbehaves until it does no more. */
function troubled(name: string, code: Scene["code"], hint: string, fault: object, heals: RegExp): Scene {
  return {
    name,
    code,
    shows: [hint],
    async prepare(stage) {
      const { faults } = stage.world.server;
      await stage.world.signInWithKey();
      faults.inject({ path: "*", ...fault });
      stage.line = "gum-cred teams";
      stage.does.push([heals, () => faults.clear()]);
      stage.tells.push(/nothing stored was changed/);
    },
  };
}

export const SERVER_SCENES: readonly Scene[] = [
  troubled(
    "the server drops the connection",
    "E_NETWORK",
    "check the connection and try again; nothing stored was changed",
    { drop: true },
    /check the connection/,
  ),
  troubled(
    "too many requests",
    "E_RATE_LIMITED",
    "wait a moment and try again; nothing stored was changed",
    { status: 429 },
    /wait a moment/,
  ),
  troubled(
    "the server fails",
    "E_SERVER",
    "try again later; nothing stored was changed",
    { status: 503 },
    /try again later/,
  ),
  troubled(
    "the server redirects",
    "E_REDIRECT_REFUSED",
    "check the base URL: redirects are never followed with a credential",
    { redirect: "https://portal.example/" },
    /check the base URL/,
  ),
];
void pipesKey;
