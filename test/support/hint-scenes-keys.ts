/** Hints about LLM keys, and about what their vendors say of them. */
import { typesKey } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";
import type { Stage } from "./hint-stage.ts";

const TEAM = "team_4f8c92ab";

/** Stores a key without being asked. */
async function stores(stage: Stage, key: string, ...more: string[]): Promise<void> {
  const args = ["keys", "set", "openai", "--key", "-", "--no-verify", ...more];
  await stage.world.ok(args, { stdin: key, env: stage.env });
}

export const KEY_SCENES: readonly Scene[] = [
  {
    name: "no key, of a team and a profile",
    code: "E_NO_CREDENTIAL",
    shows: ["run 'gum-cred keys set {provider.id}', or set {variable}; create one at {provider.setupUrl}"],
    prepare(stage) {
      stage.line = `gum-cred get openai --level team --team-id ${TEAM} --profile work`;
      typesKey(stage, /^gum-cred keys set openai/);
      stage.values["GUM_CRED_TEAM_OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.tells.push(/create one at/);
    },
  },
  {
    name: "no key, of anybody",
    code: "E_NO_CREDENTIAL",
    shows: ["run 'gum-cred keys set {provider.id}', or set {variable}; create one at {provider.setupUrl}"],
    prepare(stage) {
      stage.line = "gum-cred keys verify openai";
      typesKey(stage, /^gum-cred keys set openai/);
      stage.values["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.tells.push(/create one at/);
    },
  },
  {
    name: "a key to remove that is not stored there",
    code: "E_NO_CREDENTIAL",
    shows: ["run 'gum-cred keys list' for the keys that are"],
    async prepare(stage) {
      await stores(stage, stage.vendors.addKey("openai"), "--profile", "work");
      stage.line = "gum-cred keys remove openai --level organization --profile work";
      stage.reads.push([
        /^gum-cred keys list --profile work/,
        /openai +personal/,
        () => {
          stage.line = "gum-cred keys remove openai --profile work";
        },
      ]);
    },
  },
  {
    name: "a stored key that the vendor rejects",
    code: "E_REJECTED",
    shows: ["run 'gum-cred keys rotate {provider.id}{where}' to store a new one"],
    async prepare(stage) {
      await stores(stage, "sk-EXAMPLE-unknown", "--profile", "work", "--level", "team", "--team-id", TEAM);
      stage.line = `gum-cred keys verify openai --profile work --team-id ${TEAM}`;
      typesKey(stage, /^gum-cred keys rotate openai/);
    },
  },
  {
    name: "a key in a variable that the vendor rejects",
    code: "E_REJECTED",
    shows: ["replace the key for {provider.id} in {credential?.location}"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE-unknown";
      stage.line = "gum-cred keys verify";
      stage.values["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
    },
  },
  {
    name: "a key that the vendor rejects is not stored",
    code: "E_REJECTED",
    shows: ["check that the key was copied whole and not revoked, or create one at {setupUrl}"],
    prepare(stage) {
      const key = stage.file("key", "sk-EXAMPLE-unknown");
      stage.line = `gum-cred keys set openai --key - <${key}`;
      const copies = () => stage.file("key", stage.vendors.addKey("openai"));
      stage.does.push([/check that the key/, copies], [/create one at/, copies]);
    },
  },
  {
    name: "a vendor that fails while a key is stored",
    code: "E_SERVER",
    shows: ["{again}, or store it unverified with --no-verify"],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      stage.vendors.faults.inject({ path: "*", status: 503 });
      stage.line = `gum-cred keys set openai --key - --profile work <${key}`;
      stage.does.push([/try again/, () => stage.vendors.faults.clear()]);
      stage.does.push([
        /--no-verify/,
        () => {
          stage.line = stage.line.replace("--key", "--no-verify --key");
        },
      ]);
    },
  },
  {
    name: "a team's key without a team",
    code: "E_USAGE",
    shows: ["pass --team-id, or set GUMLOOP_TEAM_ID"],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      stage.line = `gum-cred keys set openai --level team --key - <${key}`;
      stage.values["GUMLOOP_TEAM_ID"] = TEAM;
      stage.does.push([
        /pass --team-id/,
        () => {
          stage.line = stage.line.replace("--key", `--team-id ${TEAM} --key`);
        },
      ]);
    },
  },
  {
    name: "Gumloop's credential as an LLM key",
    code: "E_USAGE",
    shows: ["run 'gum-cred login' to store it"],
    prepare(stage) {
      stage.line = "gum-cred keys set gumloop --profile work";
      const { key, userId } = stage.world.server.addApiKey();
      stage.answers.push([
        /^gum-cred login --profile work/,
        [
          { wait: "Sign in to Gumloop", type: "2\r" },
          { wait: "Gumloop API key", type: `${key}\r` },
          { wait: "Gumloop user id", type: `${userId}\r` },
        ],
      ]);
      // Signed in: that was the goal.
      stage.does.push([
        /gum-cred login/,
        () => {
          stage.line = "gum-cred get gumloop --profile work";
        },
      ]);
    },
  },
  {
    name: "Gumloop's credential among the keys to verify",
    code: "E_USAGE",
    shows: ["run 'gum-cred status --verify' to verify it"],
    async prepare(stage) {
      await stage.world.signInWithKey("work");
      stage.line = "gum-cred keys verify gumloop --profile work";
      stage.reads.push([
        /^gum-cred status --verify --profile work/,
        /verified/i,
        () => {
          stage.line = "gum-cred status --verify --profile work";
        },
      ]);
    },
  },
  {
    name: "no terminal to ask for a key on",
    code: "E_USAGE",
    shows: ["give --key - and the key on stdin"],
    prepare(stage) {
      const key = stage.file("key", stage.vendors.addKey("openai"));
      stage.line = "gum-cred keys set openai";
      stage.does.push([
        /give --key -/,
        () => {
          stage.line = `gum-cred keys set openai --key - <${key}`;
        },
      ]);
    },
  },
  {
    name: "one server for several vendors' keys",
    code: "E_USAGE",
    shows: ["name the one vendor whose key is to go there"],
    prepare(stage) {
      const base = stage.vendors.baseUrl("openai");
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.line = `gum-cred keys verify --base-url ${base}`;
      stage.does.push([
        /name the one/,
        () => {
          stage.line = `gum-cred keys verify openai --base-url ${base}`;
        },
      ]);
    },
  },
  {
    name: "a vendor that cannot be asked about a key",
    code: "E_UNVERIFIED",
    shows: ["the first use of the key will tell whether it works"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.vendors.faults.inject({ path: "*", status: 418 });
      stage.line = "gum-cred keys verify openai";
      stage.does.push([
        /the first use/,
        () => {
          stage.line = "gum-cred exec openai -- true";
        },
      ]);
    },
  },
];
