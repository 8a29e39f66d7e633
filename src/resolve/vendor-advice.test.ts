/** What is advised to who asked for a vendor's key, for every error of the keychain. */
import { expect, test } from "bun:test";
import { type ErrorCode, fail } from "../core/errors.ts";
import { PROVIDERS } from "../providers/registry.ts";
import { vendorAdvice } from "./vendor-advice.ts";

const known = (wanted: string) => {
  const provider = PROVIDERS.find(({ id }) => id === wanted);
  if (!provider) throw new Error(`${wanted} is not built in`);
  return provider;
};
const WITHOUT = "without a keychain set GUMLOOP_ACCESS_TOKEN, or GUMLOOP_API_KEY and GUMLOOP_USER_ID";

const ROWS: readonly (readonly [ErrorCode, string | undefined, string])[] = [
  ["E_KEYCHAIN_UNAVAILABLE", undefined, "without a keychain set GUM_CRED_TEAM_OPENAI_API_KEY"],
  [
    "E_KEYCHAIN_LOCKED",
    `run 'gum-cred keychain unlock' on a terminal; ${WITHOUT}`,
    "run 'gum-cred keychain unlock' on a terminal",
  ],
  ["E_KEYCHAIN_UNREACHABLE", undefined, "run 'unset DBUS_SESSION_BUS_ADDRESS', or correct it"],
  ["E_KEYCHAIN_FAILED", undefined, "run 'gum-cred doctor' to check the keychain"],
  ["E_KEYCHAIN_DENIED", WITHOUT, "without a keychain set GUM_CRED_TEAM_OPENAI_API_KEY"],
  ["E_KEYCHAIN_TIMEOUT", "end it", "end it"],
  ["E_NETWORK", "try again", "try again"],
];
test.each(ROWS)("%s: %p", (code, hint, expected) => {
  const error = fail(code, "message", hint);
  const advised = vendorAdvice(error, { provider: known("openai"), level: "team" });
  expect({ ...advised, message: advised.message }).toMatchObject({
    code,
    message: "message",
    hint: expected,
  });
  expect(vendorAdvice(error, { provider: known("gumloop"), level: null })).toBe(error);
});
