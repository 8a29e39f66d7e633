import { testVendor } from "../../test/support/plugin-table.ts";
import { openrouter } from "./index.ts";

const KEY = "sk-or-v1-EXAMPLE0123456789abcdef0123456789abcdef0123456789abcdef012345";
const key = (changes: object) => ({
  data: {
    label: "sk-or-v1-EXA...345",
    limit: 5,
    limit_remaining: 4.2,
    usage: 0.8,
    is_free_tier: false,
    is_management_key: false,
    is_provisioning_key: false,
    expires_at: null,
    ...changes,
  },
});
const error = (code: number, message: string) => ({ error: { message, code } });

testVendor(openrouter, KEY, [
  ["a good key", 200, key({}), "valid"],
  ["a key without a limit", 200, key({ limit: null, limit_remaining: null }), "valid"],
  ["a key whose limit is used up", 200, key({ limit_remaining: 0 }), "no_quota", "limit"],
  ["a key that manages keys", 200, key({ is_management_key: true }), "restricted", "manages"],
  ["the same, by its older name", 200, key({ is_provisioning_key: true }), "restricted", "manages"],
  // github.com/anomalyco/opencode/issues/2245, github.com/musistudio/claude-code-router/issues/227
  ["a wrong key", 401, error(401, "User not found."), "rejected", "User not found."],
  ["no key", 401, error(401, "No auth credentials found"), "rejected", "No auth credentials found"],
  ["no credit", 402, error(402, "Insufficient credits"), "no_quota", "credit"],
]);
