/** Hints about what was typed: commands, flags, names and values. */
import { corrects, finds, hasKey, signsIn } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

export const WORD_SCENES: readonly Scene[] = [
  {
    name: "an argument is missing",
    code: "E_USAGE",
    shows: ["run 'gum-cred {command.name} --help'"],
    prepare(stage) {
      hasKey(stage);
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
      hasKey(stage);
    },
  },
  {
    name: "exec without a command, under a profile",
    code: "E_USAGE",
    shows: ["write 'gum-cred {command.name} -- CMD ARG…'"],
    prepare(stage) {
      hasKey(stage);
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
      hasKey(stage);
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
    shows: ["did you mean 'gum-cred {named}'?"],
    prepare(stage) {
      hasKey(stage);
      stage.line = "gum-cred keyss list openai --profile work";
    },
  },
  {
    name: "a word of another program",
    code: "E_UNKNOWN_COMMAND",
    shows: ["'gum-cred {name}'"],
    prepare(stage) {
      signsIn(stage);
      stage.line = "gum-cred token --profile work";
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
      hasKey(stage);
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
        () =>
          stage.world.signInWithKey("home").then(() => {
            stage.line = "gum-cred profiles use home";
          }),
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
        () => {
          stage.env["GUM_CRED_KEYCHAIN"] = "secret-service";
        },
      ]);
    },
  },
  {
    name: "a provider that there is not",
    code: "E_UNKNOWN_PROVIDER",
    shows: ["run 'gum-cred providers' for the known providers"],
    prepare(stage) {
      hasKey(stage);
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
];
