/** Titles that a person takes for a built-in provider's, and those that nobody does. */
import { describe, expect, test } from "bun:test";
import { manifestWith } from "../../../test/support/manifests.ts";
import { PROVIDERS } from "../registry.ts";
import { claimsOf } from "./claims.ts";
import { validateManifest } from "./manifest.ts";
import { variableProblem } from "./variable-names.ts";

const problems = (changes: Record<string, unknown>) =>
  validateManifest(manifestWith(changes), claimsOf(PROVIDERS)).problems;

describe("titles that are refused", () => {
  test.each([
    ["Cyrillic a", "\u041epen\u0410I"],
    ["Cyrillic only", "\u0410\u0412\u0421"],
    ["Greek", "Op\u03b5nAI"],
    ["Armenian", "\u0555penAI"],
    ["Cherokee", "\u13bepenAI"],
    ["full width", "\uff2f\uff50\uff45\uff4eAI"],
    ["mathematical", "\u{1d5e2}penAI"],
    ["small capitals", "O\u1d18enAI"],
    ["a soft hyphen", "Open\u00adAI"],
    ["a Hangul filler", "Open\u3164AI"],
    ["a half-width Hangul filler", "Open\uffa0AI"],
    ["a choseong filler", "Open\u115fAI"],
    ["a combining joiner", "Open\u034fAI"],
    ["a zero-width space", "Open\u200bAI"],
    ["a word joiner", "Open\u2060AI"],
    ["a Mongolian vowel separator", "Open\u180eAI"],
    ["a variation selector", "OpenAI\ufe0f"],
    ["an ideographic space", "Open\u3000AI"],
    ["a no-break space", "Open\u00a0AI"],
    ["a Braille blank", "Open\u2800AI"],
    ["a combining accent", "Ope\u0301nAI"],
    ["an accent", "\u00d3penAI"],
    ["a stroke", "\u00d8penAI"],
    ["a dotless i", "OpenA\u0131"],
    ["a bar for an l", "OpenA|"],
    ["punctuation", "Open'AI"],
    ["brackets", "(OpenAI)"],
    ["a katakana ro", "\u30edpenAI"],
    ["zero, one", "0penA1"],
    ["an at sign", "@nthropic"],
    ["a dollar", "Fireworks AI".replace("s", "$")],
    ["Gumloop's", "GumIoop"],
  ])("%s", (_name, title) => {
    expect(problems({ title })).toContainEqual({
      path: "$.title",
      message: expect.any(String),
      refused: true,
    });
  });
  test.each(["Nova AI", "Société Générale", "智谱 AI", "リコー", "네이버", "A.I. & Sons (EU)", "Łódź Labs"])(
    "not %s",
    (title) => {
      expect(problems({ title })).toEqual([]);
    },
  );
});

test.each(["", " ", "."])("the id %j is no id", (id) => {
  expect(problems({ id }).map(({ path }) => path)).toContain("$.id");
});

test.each(
  (
    "GNUMAKEFLAGS TF_CLI_ARGS TF_CLI_ARGS_plan RSYNC_CONNECT_PROG SSLKEYLOGFILE ELECTRON_RUN_AS_NODE " +
    "VK_ICD_FILENAMES VK_ADD_LAYER_PATH LIBGL_DRIVERS_PATH OCL_ICD_FILENAMES GST_PLUGIN_SCANNER COR_PROFILER " +
    "CORECLR_PROFILER PSEXECUTIONPOLICYPREFERENCE MOZ_PLUGIN_X WEBVIEW2_USER_DATA QEMU_SET_ENV FFLAGS CGO_LDFLAGS " +
    "CGO_CFLAGS_ALLOW GCC_EXEC_PREFIX COLLECT_GCC CCACHE_PREFIX SCCACHE_CONF ANSIBLE_LIBRARY PULUMI_X PACKER_LOG " +
    "TERRAGRUNT_TFPATH PGSSLMODE PGSERVICE MYSQL_HOST LDAPRC KRB5CCNAME KRB5_CONFIG HGRCPATH P4CONFIG TEXINPUTS " +
    "WSLENV DEBUGINFOD_URLS GDBHISTFILE BPFTRACE_BTF OTEL_EXPORTER_X CLAUDE_CODE_X CODEX_X MISE_ENV ASDF_DATA_DIR " +
    "DIRENV_CONFIG FZF_DEFAULT_COMMAND BAT_STYLE LESSKEYIN TAR_OPTIONS ACME_URL ACME_HOST ACME_SOCK ACME_PLUGINS " +
    "ACME_INSECURE JULIA_LOAD_PATH R_LIBS OCAMLPATH IPYTHONDIR BAO_ADDR CONSUL_HTTP_ADDR"
  ).split(" "),
)("the variable %s steers a program", (name) => {
  expect(variableProblem(name)).not.toBeNull();
});

test.each(
  (
    "MISTRAL_API_KEY HF_TOKEN REPLICATE_API_TOKEN COHERE_API_KEY CO_API_KEY GROQ_API_KEY TOGETHER_API_KEY " +
    "NVIDIA_API_KEY OLLAMA_API_KEY WATSONX_APIKEY AI21_API_KEY DATABRICKS_TOKEN CEREBRAS_API_KEY VOYAGE_API_KEY " +
    "ZHIPUAI_API_KEY DASHSCOPE_API_KEY MOONSHOT_API_KEY CLOUDFLARE_API_TOKEN SAMBANOVA_API_KEY ACME_KEY M_KEY " +
    "HUGGINGFACEHUB_API_TOKEN LITELLM_API_KEY PERPLEXITY_API_KEY AWS_BEARER_TOKEN_BEDROCK NEBIUS_API_KEY"
  ).split(" "),
)("the variable %s is a key's", (name) => {
  expect(variableProblem(name)).toBeNull();
});
