/** Hints about signing in. */
import { browses, corrects, freePort } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

export const SIGN_IN_SCENES: readonly Scene[] = [
  {
    name: "consent denied in the browser",
    code: "E_AUTHORIZATION_DENIED",
    shows: ["choose Allow in the browser the next time"],
    once: true,
    prepare(stage) {
      const { behaviour } = stage.world.server;
      behaviour.consent = "deny";
      browses(stage);
      stage.ends.push(() => {
        behaviour.consent = "approve";
      });
      stage.line = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.does.push([
        /choose Allow/,
        () => {
          behaviour.consent = "approve";
        },
      ]);
    },
  },
  {
    name: "the port of the callback is taken",
    code: "E_PORT_BUSY",
    shows: ["end what listens on port {port}, or choose another with --callback-port"],
    prepare(stage) {
      const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("taken") });
      browses(stage);
      stage.ends.push(() => taken.stop(true));
      stage.line = `gum-cred login --method oauth --callback-port ${taken.port}`;
      const other = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.does.push([/end what listens/, () => taken.stop(true)]);
      stage.does.push([
        /choose another/,
        () => {
          stage.line = other;
        },
      ]);
    },
  },
  {
    name: "a port that cannot be had",
    code: "E_INVALID_VALUE",
    shows: ["run 'gum-cred COMMAND --help' for its values"],
    prepare(stage) {
      browses(stage);
      stage.line = "gum-cred login --method oauth --callback-port 99999";
      const other = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.reads.push([
        /login --help/,
        "--callback-port PORT",
        () => {
          stage.line = other;
        },
      ]);
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
          browses(stage);
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
    name: "nothing comes back, and no browser was asked for",
    code: "E_TIMEOUT",
    once: true,
    shows: [],
    prepare(stage) {
      const login = `gum-cred login --no-browser --callback-port ${freePort()}`;
      stage.line = `${login} --timeout 1 </dev/null`;
      stage.does.push([/add --no-browser/, () => Promise.reject(new Error("--no-browser was given"))]);
      const open = 'read -r url <out; curl -sSL -o /dev/null "$url"; wait $!';
      corrects(stage, /--timeout SECONDS/, `mkfifo out; ${login} --timeout 20 </dev/null >out & ${open}`);
    },
  },
  {
    name: "the server refuses the code",
    code: "E_REJECTED",
    once: true,
    shows: ["sign in again; an API key works too: --method api-key"],
    prepare(stage) {
      const { faults } = stage.world.server;
      const body = '{"error":"invalid_grant"}';
      faults.inject({ path: "/oauth/token", status: 400, body, contentType: "application/json", times: 1 });
      browses(stage);
      stage.line = `gum-cred login --method oauth --callback-port ${freePort()}`;
      stage.does.push([/^sign in again/, () => {}]);
      const { key, userId } = stage.world.server.addApiKey();
      stage.pipes.push([/--method api-key/, key]);
      corrects(stage, /--method api-key/, `gum-cred login --method api-key --api-key - --user-id ${userId}`);
    },
  },
  {
    name: "a sign-in that is not to be replaced",
    code: "E_INTERRUPTED",
    once: true,
    shows: ["--profile NAME keeps both"],
    async prepare(stage) {
      await stage.world.signInWithKey();
      const { key, userId } = stage.world.server.addApiKey();
      stage.line = `gum-cred login --api-key ${key} --user-id ${userId}`;
      stage.onTerminal([{ wait: "[y/N]", type: "n\r" }]);
      const other = `${stage.line} --profile other`;
      stage.does.push([
        /--profile NAME/,
        () => {
          stage.onTerminal([]);
          stage.line = other;
        },
      ]);
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
  {
    name: "login with a key and no user id",
    code: "E_MISSING_USER_ID",
    shows: ["give --user-id as well"],
    prepare(stage) {
      const { key: value, userId } = stage.world.server.addApiKey();
      stage.line = "gum-cred login --api-key -";
      stage.pipes.push([/--api-key -/, value]);
      corrects(stage, /give --user-id/, `gum-cred login --api-key - --user-id ${userId}`);
    },
  },
  {
    name: "login without a terminal",
    code: "E_USAGE",
    shows: ["give --method oauth, --api-key - with --user-id, or --access-token -"],
    prepare(stage) {
      const { key: value, userId } = stage.world.server.addApiKey();
      const { accessToken } = stage.world.server.issueTokens();
      stage.line = "gum-cred login";
      stage.pipes.push([/--api-key -/, value], [/--access-token -/, accessToken]);
      corrects(stage, /--api-key - with/, `gum-cred login --api-key - --user-id ${userId}`);
      corrects(stage, /--access-token -/, "gum-cred login --access-token -");
    },
  },
  {
    name: "login's key without a terminal",
    code: "E_USAGE",
    shows: ["give --api-key - with --user-id, and the key on stdin"],
    prepare(stage) {
      const { key: value, userId } = stage.world.server.addApiKey();
      stage.line = `gum-cred login --method api-key --user-id ${userId}`;
      stage.pipes.push([/--api-key -/, value]);
      corrects(stage, /give --api-key -/, `gum-cred login --api-key - --user-id ${userId}`);
    },
  },
];
