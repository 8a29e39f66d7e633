import { testVendor } from "../../test/support/plugin-table.ts";
import { xai } from "./index.ts";

const KEY = "xai-EXAMPLEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const info = (states: object) => ({
  redacted_api_key: "xai-...b14o",
  name: "My API Key",
  acls: ["api-key:model:*", "api-key:endpoint:*"],
  team_blocked: false,
  api_key_blocked: false,
  api_key_disabled: false,
  ...states,
});
const WRONG = "Incorrect API key provided: xa***YZ. You can obtain an API key from https://console.x.ai.";
const POOR =
  "Your newly created team doesn't have any credits or licenses yet. You can purchase those on https://console.x.ai/team/1.";
const SPENT = "Your team 1 has either used all available credits or reached its monthly spending limit.";
const DENIED = "The caller does not have permission to execute the specified operation";

testVendor(xai, KEY, [
  ["a good key", 200, info({}), "valid"],
  ["a blocked key", 200, info({ api_key_blocked: true }), "rejected", "blocked"],
  ["a disabled key", 200, info({ api_key_disabled: true }), "rejected", "disabled"],
  ["a blocked team", 200, info({ team_blocked: true }), "rejected", "team"],
  ["a wrong key", 400, { code: "invalid-argument", error: WRONG }, "rejected", "xa***YZ"],
  [
    "a wrong key, echoed whole",
    400,
    { code: "invalid-argument", error: WRONG.replace("xa***YZ", KEY) },
    "rejected",
    "provided: ***.",
  ],
  [
    "another bad request",
    400,
    { code: "invalid-argument", error: "Bad page size" },
    "unverifiable",
    "Bad page size",
  ],
  ["no credit yet", 403, { code: DENIED, error: POOR }, "no_quota"],
  ["no credit any more", 403, { code: DENIED, error: SPENT }, "no_quota"],
  ["no permission", 403, { code: DENIED, error: "Forbidden" }, "unverifiable", "Forbidden"],
]);
