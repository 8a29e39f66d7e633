/**
 * The providers gum-cred knows, by id. Built-in ones are compiled in; installed ones join here.
 * Written by scripts/registry.ts from the folders in plugins/.
 */
import { amazonBedrock } from "../../plugins/amazon-bedrock/index.ts";
import { anthropic } from "../../plugins/anthropic/index.ts";
import { azureOpenai } from "../../plugins/azure-openai/index.ts";
import { cohere } from "../../plugins/cohere/index.ts";
import { deepseek } from "../../plugins/deepseek/index.ts";
import { fireworks } from "../../plugins/fireworks/index.ts";
import { google } from "../../plugins/google/index.ts";
import { groq } from "../../plugins/groq/index.ts";
import { gumloop } from "../../plugins/gumloop/index.ts";
import { mistral } from "../../plugins/mistral/index.ts";
import { openai } from "../../plugins/openai/index.ts";
import { openrouter } from "../../plugins/openrouter/index.ts";
import { perplexity } from "../../plugins/perplexity/index.ts";
import { together } from "../../plugins/together/index.ts";
import { xai } from "../../plugins/xai/index.ts";
import type { Provider } from "./contract.ts";

/** Built-in LLM vendors, in the order `env` prints them. */
export const VENDORS: readonly Provider[] = [
  openai,
  anthropic,
  google,
  xai,
  deepseek,
  fireworks,
  perplexity,
  openrouter,
  mistral,
  groq,
  together,
  cohere,
  azureOpenai,
  amazonBedrock,
];

/** Built-in providers, Gumloop first. */
export const PROVIDERS: readonly Provider[] = [gumloop, ...VENDORS];
