/** Hints about values: in variables, files, references and settings. */
import { corrects, finds, hasKey, signsIn, typesKey } from "./hint-deeds.ts";
import type { Scene } from "./hint-follow.ts";

export const VALUE_SCENES: readonly Scene[] = [
  {
    name: "a reference to a provider that there is not",
    code: "E_REFERENCE_MALFORMED",
    shows: ["run 'gum-cred providers' for the known providers"],
    prepare(stage) {
      hasKey(stage);
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
      hasKey(stage);
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
      hasKey(stage);
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
    name: "a key's value in a variable and in a file",
    code: "E_CONFLICTING_VARIABLES",
    shows: ["run 'unset {variable}_FILE' to use the value, or 'unset {variable}' to use the file"],
    prepare(stage) {
      hasKey(stage);
      stage.env["OPENAI_API_KEY_FILE"] = stage.file("key", stage.env["OPENAI_API_KEY"] ?? "");
      stage.line = "gum-cred get openai --profile work";
    },
  },
  {
    name: "a setting of the user's own",
    code: "E_SETTING_TAKEN",
    shows: ["look at it with 'gum-cred setup {request.program}', and replace it with --force"],
    prepare(stage) {
      stage.file(".claude/settings.json", JSON.stringify({ apiKeyHelper: "/mine" }));
      stage.line = "gum-cred setup claude --write";
      corrects(stage, /--force/, "gum-cred setup claude --write --force");
    },
  },
  {
    name: "a value that the format cannot carry",
    code: "E_UNSAFE_VALUE",
    once: true,
    shows: ["use --format json, which carries any value"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE$(id)";
      stage.line = "gum-cred env openai";
      stage.does.push([
        /--format json/,
        () => {
          stage.line = "gum-cred env openai --format json";
        },
      ]);
    },
  },
  {
    name: "a value that no header can carry",
    code: "E_UNSAFE_VALUE",
    shows: ["store it again, as it was issued; run 'gum-cred {storing}'"],
    async prepare(stage) {
      await stage.run(
        "printf 'sk-EXAMPLE-\u00e9' | secret-tool store --label x application 'Python keyring library' service gum-cred username llm:personal:work:openai",
      );
      stage.line = "gum-cred header openai --profile work";
      stage.tells.push(/^store it again/);
      typesKey(stage, /^gum-cred keys set openai --profile work/);
    },
  },
  ...(
    [
      ["gum-cred", "llm:personal:work:openai", "gum-cred get openai --profile work"],
      ["gum-cred", "llm:organization:openai", "gum-cred get openai --profile work"],
      ["gumloop-cli", "work:access_token", "gum-cred get gumloop --profile work"],
    ] as const
  ).map(
    ([service, account, line]): Scene => ({
      name: `${account} is not text`,
      code: "E_MALFORMED",
      shows: [
        service === "gum-cred"
          ? "run 'gum-cred keys remove {key}' and then 'gum-cred keys set {key}'"
          : "run 'gum-cred logout' and then 'gum-cred login'",
      ],
      async prepare(stage) {
        await stage.run(
          `printf '\\377\\376' | secret-tool store --label x application 'Python keyring library' service ${service} username ${account}`,
        );
        stage.line = line;
        typesKey(stage, /^gum-cred keys set openai/);
        signsIn(stage);
      },
    }),
  ),
  {
    name: "a value in a variable that no header can carry",
    code: "E_UNSAFE_VALUE",
    shows: ["set {place} again: copy the value as it was issued, without spaces or invisible characters"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE\u00a0x";
      stage.line = "gum-cred header openai";
      stage.values["OPENAI_API_KEY"] = "sk-EXAMPLEx";
    },
  },
  {
    name: "a placeholder in a dotenv file",
    code: "E_MALFORMED",
    shows: ["put the key itself into that line, or store it with 'gum-cred keys set {provider.id}'"],
    prepare(stage) {
      stage.file(".env", "OPENAI_API_KEY=your-key-here\n");
      stage.line = "gum-cred keys import .env --no-verify --profile work";
      const puts = () => stage.file(".env", `OPENAI_API_KEY=${stage.vendors.addKey("openai")}\n`);
      stage.does.push([/put the key itself/, puts]);
      stage.does.push([
        /store it with/,
        () => {
          stage.line = "gum-cred get openai --profile work";
        },
      ]);
      typesKey(stage, /^gum-cred keys set openai --profile work/);
    },
  },
  {
    name: "a value with a space around it",
    code: "E_MALFORMED",
    shows: ["store or set it again, without spaces or line ends around it"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY"] = " sk-EXAMPLE ";
      stage.line = "gum-cred get openai";
      stage.does.push([
        /store or set/,
        () => {
          stage.env["OPENAI_API_KEY"] = "sk-EXAMPLE";
        },
      ]);
    },
  },
  {
    name: "an empty file for a key",
    code: "E_MALFORMED",
    shows: ["write the secret into it, or unset the variable"],
    prepare(stage) {
      const path = stage.file("a key", "");
      stage.env["OPENAI_API_KEY_FILE"] = path;
      stage.line = "gum-cred get openai";
      const write = () => stage.file("a key", stage.vendors.addKey("openai"));
      stage.does.push([/write the secret/, write]);
      stage.values["OPENAI_API_KEY"] = stage.vendors.addKey("openai");
      stage.does.push([/unset the variable/, () => void delete stage.env["OPENAI_API_KEY_FILE"]]);
      stage.tells.push(/create one at/);
      typesKey(stage, /^gum-cred keys set openai/);
    },
  },
  {
    name: "a file for a key that is not there",
    code: "E_FILE_UNREADABLE",
    shows: ["check the path and its permissions"],
    prepare(stage) {
      stage.env["OPENAI_API_KEY_FILE"] = `${stage.home}/nowhere.txt`;
      stage.line = "gum-cred get openai";
      stage.does.push([/check the path/, () => stage.file("nowhere.txt", stage.vendors.addKey("openai"))]);
    },
  },
];
