/** Hints that name a variable, a flag or a text to give, in words. */
import { corrects, hasKey, pipesLogin, sets, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

export const ASKED_SCENES: readonly Scene[] = [
  {
    name: "a mistyped provider",
    code: "E_UNKNOWN_PROVIDER",
    shows: ["did you mean '{near.name}'?"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred get opnai --profile work";
      corrects(stage, /did you mean 'openai'/, "gum-cred get openai --profile work");
    },
  },
  {
    name: "several providers with commas",
    code: "E_UNKNOWN_PROVIDER",
    shows: ['separate providers by spaces: {name.split(/[, ]+/).filter(Boolean).map(shownWord).join(" ")}'],
    prepare(stage) {
      hasKey(stage);
      stage.env["XAI_API_KEY"] = "xai-EXAMPLE-0123456789";
      stage.line = "gum-cred env openai,xai";
      stage.does.push([
        /separate providers by spaces/,
        () => {
          stage.line = "gum-cred env openai xai";
        },
      ]);
    },
    once: true,
  },
  {
    name: "a profile's name with a space in it",
    code: "E_INVALID_VALUE",
    shows: ["choose another --profile or GUM_CRED_PROFILE"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred get openai --profile 'my work'";
      corrects(stage, /choose another --profile/, "gum-cred get openai --profile work");
    },
  },
  {
    name: "a user id with a space in it",
    code: "E_INVALID_VALUE",
    shows: ["copy it again from the profile settings"],
    prepare(stage) {
      const right = pipesLogin(stage);
      stage.line = "gum-cred login --api-key - --user-id 'some body'";
      corrects(stage, /copy it again/, right);
    },
  },
  {
    name: "a proxy of another kind",
    code: "E_NETWORK",
    shows: ["set it to an http:// or https:// proxy"],
    prepare(stage) {
      signsIn(stage);
      sets(stage, "GUMLOOP_ACCESS_TOKEN");
      stage.env["HTTPS_PROXY"] = "socks5://127.0.0.1:9";
      const { server } = stage.world;
      stage.env["GUMLOOP_BASE_URL"] = "https://gumloop.example/api/v1";
      const proxy = Bun.listen({
        hostname: "127.0.0.1",
        port: 0,
        socket: { data: (socket) => void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n") },
      });
      stage.ends.push(() => proxy.stop(true));
      stage.line = "gum-cred teams";
      stage.does.push([
        /set it to an http/,
        () => {
          stage.env["HTTPS_PROXY"] = `http://127.0.0.1:${proxy.port}`;
        },
      ]);
      stage.does.push([
        /check the proxy|name the host in NO_PROXY/,
        () => {
          stage.env["HTTPS_PROXY"] = "";
          stage.env["GUMLOOP_BASE_URL"] = server.baseUrl;
        },
      ]);
    },
  },
  {
    name: "no home for settings",
    code: "E_USAGE",
    shows: ["set HOME"],
    prepare(stage) {
      stage.env["HOME"] = "";
      stage.values["HOME"] = stage.home;
      stage.line = "gum-cred setup claude";
    },
  },
  {
    name: "an organisation's key for another server",
    code: "E_BASE_URL_REFUSED",
    shows: ["leave --base-url out"],
    prepare(stage) {
      stage.env["GUM_CRED_ORG_DEEPSEEK_API_KEY"] = "sk-EXAMPLE-org";
      stage.line = "gum-cred broker deepseek --base-url https://evil.example -- true";
      corrects(stage, /leave --base-url out/, "gum-cred broker deepseek -- true");
    },
  },
  {
    name: "a setting that the vendor does not have",
    code: "E_USAGE",
    shows: ["it takes {names}"],
    prepare(stage) {
      const path = stage.file("key", "bedrock-EXAMPLE-0123456789");
      const line = (setting: string) =>
        `gum-cred keys set amazon-bedrock --no-verify --with ${setting} --key - <${path}`;
      stage.line = line("colour=red");
      corrects(stage, /it takes region=/, line("region=eu-west-1"));
    },
  },
  {
    name: "a setting that is none",
    code: "E_INVALID_VALUE",
    shows: ["such as {spec.name}={spec.example}"],
    prepare(stage) {
      const path = stage.file("key", "bedrock-EXAMPLE-0123456789");
      const line = (setting: string) =>
        `gum-cred keys set amazon-bedrock --no-verify --with ${setting} --key - <${path}`;
      stage.line = line("region=nowhere/at/all");
      corrects(stage, /such as region=/, line("region=us-east-1"));
    },
  },
  {
    name: "a vendor that needs more than a key",
    code: "E_USAGE",
    shows: ['set {missing.join(" and ")}'],
    prepare(stage) {
      stage.env["AWS_BEARER_TOKEN_BEDROCK"] = "bedrock-EXAMPLE-0123456789";
      stage.values["AWS_REGION"] = "eu-west-1";
      stage.line = "gum-cred broker amazon-bedrock -- true";
    },
  },
  {
    name: "a snippet without a key",
    code: "E_MALFORMED",
    shows: ["copy the webhook URL or the complete cURL snippet from the Webhook button of a workflow"],
    prepare(stage) {
      const path = stage.file("snippet", "curl https://www.gumloop.com\n");
      const { key, userId } = stage.world.server.addApiKey();
      const { baseUrl } = stage.world.server;
      stage.line = `gum-cred login --from-webhook - <${path}`;
      const whole = `curl '${baseUrl}/start_pipeline?user_id=${userId}' -H 'Authorization: Bearer ${key}'`;
      stage.does.push([/copy the webhook URL/, () => stage.file("snippet", whole)]);
    },
  },
  {
    name: "a value of two lines",
    code: "E_UNSAFE_VALUE",
    shows: ["store or set it again, as one line"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE\nsk-EXAMPLE";
      stage.line = "gum-cred get openai";
      stage.does.push([
        /store or set it again/,
        () => {
          stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE";
        },
      ]);
    },
  },
];
