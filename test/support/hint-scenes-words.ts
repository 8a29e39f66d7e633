/** Hints about what was typed: commands, flags, names, values, and variables that contradict each other. */
import { mkdirSync, symlinkSync } from "node:fs";
import type { Scene } from "./hint-follow.ts";
import { type Stage, signsIn } from "./hint-stage.ts";

/** The person corrects the line. */
const corrects = (stage: Stage, words: RegExp, line: string): void => {
  stage.does.push([words, () => void (stage.line = line)]);
};

/** The person finds the right word in what a command shows. */
const finds = (stage: Stage, command: RegExp, found: string, line: string): void => {
  stage.reads.push([command, found, () => void (stage.line = line)]);
};

const key = (stage: Stage): void => void (stage.env["OPENAI_API_KEY"] = stage.vendors.addKey("openai"));

export const WORD_SCENES: readonly Scene[] = [
  {
    name: "an argument is missing",
    code: "E_USAGE",
    shows: ["run 'gum-cred {command.name} --help'"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred get --profile work";
      finds(stage, /get --help/, "PROVIDER", "gum-cred get openai --profile work");
    },
  },
  {
    name: "a group without a command",
    code: "E_USAGE",
    shows: ["run 'gum-cred {word} --help'"],
    prepare(stage) {
      stage.line = "gum-cred keys";
      finds(stage, /keys --help/, "keys list", "gum-cred keys list");
    },
  },
  {
    name: "nothing but '--'",
    code: "E_USAGE",
    shows: ["run 'gum-cred COMMAND --help'"],
    prepare(stage) {
      stage.line = "gum-cred -- true";
      finds(stage, /--help/, "exec", "gum-cred exec openai -- true");
      key(stage);
    },
  },
  {
    name: "exec without a command, under a profile",
    code: "E_USAGE",
    shows: ["write 'gum-cred {command.name} -- CMD ARG…'"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred exec openai --profile work";
      Object.assign(stage.values, { CMD: "true", ARG: "" });
      signsIn(stage);
      stage.env["GUMLOOP_ACCESS_TOKEN"] = stage.values["GUMLOOP_ACCESS_TOKEN"] ?? "";
    },
  },
  {
    name: "broker without a command",
    code: "E_USAGE",
    shows: ["write 'gum-cred broker -- CMD ARG…'"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred broker";
      Object.assign(stage.values, { CMD: "true", ARG: "" });
    },
  },
  {
    name: "a global flag without its value",
    code: "E_USAGE",
    shows: ["write {word} VALUE COMMAND"],
    prepare(stage) {
      stage.line = "gum-cred --profile providers";
      corrects(stage, /write --profile VALUE/, "gum-cred --profile work providers");
    },
  },
  {
    name: "a value that begins with a dash",
    code: "E_USAGE",
    shows: ["a value that begins with a dash is written --{name}=VALUE"],
    prepare(stage) {
      stage.line = "gum-cred credits --calls --quiet";
      corrects(stage, /--calls=VALUE/, "gum-cred credits --calls=10");
    },
  },
  {
    name: "a mistyped command with its arguments, under a profile",
    code: "E_UNKNOWN_COMMAND",
    shows: ["did you mean 'gum-cred {meant}'?"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred keyss list openai --profile work";
    },
  },
  {
    name: "a word that is like no command",
    code: "E_UNKNOWN_COMMAND",
    shows: ["run 'gum-cred --help' for the list of commands"],
    prepare(stage) {
      stage.line = "gum-cred frobnicate";
      finds(stage, /--help/, "providers", "gum-cred providers");
    },
  },
  {
    name: "a group's command that there is not",
    code: "E_UNKNOWN_COMMAND",
    shows: ["it has: {list}"],
    prepare(stage) {
      stage.line = "gum-cred policy frobnicate";
      corrects(stage, /it has: show/, "gum-cred policy show");
    },
  },
  {
    name: "a flag that is like none",
    code: "E_UNKNOWN_FLAG",
    shows: ["run 'gum-cred COMMAND --help' for its flags"],
    prepare(stage) {
      stage.line = "gum-cred keys list --frobnicate";
      finds(stage, /keys list --help/, "--json", "gum-cred keys list --json");
    },
  },
  {
    name: "a mistyped flag",
    code: "E_UNKNOWN_FLAG",
    shows: ["did you mean {guess}?"],
    prepare(stage) {
      stage.line = "gum-cred keys list --jsn";
      corrects(stage, /did you mean --json/, "gum-cred keys list --json");
    },
  },
  {
    name: "a value that is none of the choices",
    code: "E_INVALID_VALUE",
    shows: ["run 'gum-cred COMMAND --help' for its values"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred get openai --level nobody";
      finds(stage, /get --help/, "--level", "gum-cred get openai --level personal");
    },
  },
  {
    name: "a profile that is not stored",
    code: "E_INVALID_VALUE",
    shows: ["run 'gum-cred profiles' to see them, or 'gum-cred login --profile {name}'"],
    prepare(stage) {
      stage.line = "gum-cred profiles use work";
      signsIn(stage);
      stage.reads.push([
        /^gum-cred profiles$/,
        "No profile is stored",
        () => stage.world.signInWithKey("home").then(() => void (stage.line = "gum-cred profiles use home")),
      ]);
    },
  },
  {
    name: "a keychain that there is not",
    code: "E_INVALID_VALUE",
    shows: ["set it to one of {BACKENDS.join(\", \")}, or run 'unset {VARIABLE}'"],
    prepare(stage) {
      stage.env["GUM_CRED_KEYCHAIN"] = "wallet";
      stage.line = "gum-cred keys list";
      stage.does.push([
        /one of secret-service/,
        () => void (stage.env["GUM_CRED_KEYCHAIN"] = "secret-service"),
      ]);
    },
  },
  {
    name: "a provider that there is not",
    code: "E_UNKNOWN_PROVIDER",
    shows: ["run 'gum-cred providers' for the known providers"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred get frobnicate";
      finds(stage, /^gum-cred providers$/, "openai", "gum-cred get openai");
    },
  },
  {
    name: "providers of one that there is not",
    code: "E_UNKNOWN_PROVIDER",
    shows: ["run 'gum-cred providers' for the known providers"],
    prepare(stage) {
      stage.line = "gum-cred providers frobnicate";
      finds(stage, /^gum-cred providers$/, "openai", "gum-cred providers openai");
    },
  },
  {
    name: "a reference to a provider that there is not",
    code: "E_REFERENCE_MALFORMED",
    shows: ["run 'gum-cred providers' for the known providers"],
    prepare(stage) {
      key(stage);
      stage.file(".env", "MY_KEY=gum://frobnicate\n");
      stage.line = "gum-cred exec openai --env-file .env -- true";
      finds(stage, /^gum-cred providers$/, "openai", stage.line);
      stage.reads.unshift([
        /^gum-cred providers$/,
        "openai",
        () => stage.file(".env", "MY_KEY=gum://openai\n"),
      ]);
    },
  },
  {
    name: "a reference of another form",
    code: "E_REFERENCE_MALFORMED",
    shows: ["write it as gum://PROVIDER[/FIELD][?level=LEVEL&team=ID&profile=NAME]"],
    prepare(stage) {
      key(stage);
      stage.file(".env", "MY_KEY=gum://openai?frobnicate\n");
      stage.line = "gum-cred exec openai --env-file .env -- true";
      stage.does.push([/write it as gum:/, () => stage.file(".env", "MY_KEY=gum://openai\n")]);
    },
  },
  {
    name: "--file without a reference",
    code: "E_USAGE",
    shows: ["such as --file KEY_FILE=gum://openai"],
    prepare(stage) {
      key(stage);
      stage.line = "gum-cred exec openai --file openai -- true";
      corrects(stage, /--file KEY_FILE=/, "gum-cred exec openai --file KEY_FILE=gum://openai -- true");
    },
  },
  {
    name: "an API key without its user id",
    code: "E_MISSING_USER_ID",
    shows: ["set GUMLOOP_USER_ID to the user id that belongs to the API key"],
    prepare(stage) {
      signsIn(stage);
      stage.env["GUMLOOP_API_KEY"] = stage.values["GUMLOOP_API_KEY"] ?? "";
      stage.line = "gum-cred get gumloop";
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
    shows: ["give --api-key - and the key on stdin"],
    prepare(stage) {
      const { key: value, userId } = stage.world.server.addApiKey();
      stage.line = `gum-cred login --method api-key --user-id ${userId}`;
      stage.pipes.push([/--api-key -/, value]);
      corrects(stage, /give --api-key -/, `gum-cred login --api-key - --user-id ${userId}`);
    },
  },
  {
    name: "a key's value in a variable and in a file",
    code: "E_CONFLICTING_VARIABLES",
    shows: ["run 'unset {variable}_FILE' to use the value, or 'unset {variable}' to use the file"],
    prepare(stage) {
      key(stage);
      stage.env["OPENAI_API_KEY_FILE"] = stage.file("key", stage.env["OPENAI_API_KEY"] ?? "");
      stage.line = "gum-cred get openai --profile work";
    },
  },
  {
    name: "a setting of the user's own",
    code: "E_SETTING_TAKEN",
    shows: ["look at it with 'gum-cred setup', and replace it with --force"],
    prepare(stage) {
      stage.file(".claude/settings.json", JSON.stringify({ apiKeyHelper: "/mine" }));
      stage.line = "gum-cred setup claude --write";
      corrects(stage, /--force/, "gum-cred setup claude --write --force");
    },
  },
];
void mkdirSync;
void symlinkSync;
