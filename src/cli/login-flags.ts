/** The flags of `login`: its declaration (commands/login.ts) and its reading (login-input.ts) share them. */
import type { FlagSpec, TypedInput } from "./command.ts";

export const LOGIN_FLAGS = [
  {
    name: "method",
    value: "METHOD",
    choices: ["oauth", "api-key", "api_key"],
    summary: "how to sign in, without asking",
  },
  { name: "api-key", value: "KEY", summary: "an existing API key; '-' reads it from stdin" },
  { name: "access-token", value: "TOKEN", summary: "an existing access token; '-' reads it from stdin" },
  { name: "user-id", value: "ID", summary: "the user id that belongs to the API key" },
  { name: "callback-port", value: "PORT", summary: "local port for the OAuth redirect (default: 8765)" },
  { name: "no-browser", summary: "print the URL to open instead of opening a browser" },
  { name: "timeout", value: "SECONDS", summary: "how long to wait for the browser (default: 300)" },
  {
    name: "from-webhook",
    value: "FILE",
    summary: "take key and user id from a webhook URL or snippet; '-' is stdin",
  },
] as const satisfies readonly FlagSpec[];

/** What was given, by flag. */
export type LoginFlags = TypedInput<[], typeof LOGIN_FLAGS>["flags"];
