/**
 * The providers gum-cred knows, by id. Built-in ones are compiled in; installed ones join here.
 * Written by scripts/registry.ts from the folders in plugins/.
 */
import { anthropic } from "../../plugins/anthropic/index.ts";
import { deepseek } from "../../plugins/deepseek/index.ts";
import { fireworks } from "../../plugins/fireworks/index.ts";
import { google } from "../../plugins/google/index.ts";
import { gumloop } from "../../plugins/gumloop/index.ts";
import { openai } from "../../plugins/openai/index.ts";
import { xai } from "../../plugins/xai/index.ts";
import type { Provider } from "./contract.ts";

/** Built-in LLM vendors, in the order `env` prints them. */
export const VENDORS: readonly Provider[] = [openai, anthropic, google, xai, deepseek, fireworks];

/** Built-in providers, Gumloop first. */
export const PROVIDERS: readonly Provider[] = [gumloop, ...VENDORS];
