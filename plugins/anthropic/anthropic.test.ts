import { testVendor } from "../../test/support/plugin-table.ts";
import { anthropic } from "./index.ts";

const KEY = "sk-ant-api03-EXAMPLE-abcdefghijklmnopqrstuvwxyz_0123456789AA";
const error = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
  request_id: "req_1",
});
const LOW =
  "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.";
const LIMIT =
  "You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC.";
const DENIED = "Your API key does not have permission to use the specified resource.";

testVendor(anthropic, KEY, [
  ["a good key", 200, { data: [{ type: "model", id: "claude-sonnet-4-5" }], has_more: true }, "valid"],
  ["a wrong key", 401, error("authentication_error", "invalid x-api-key"), "rejected", "invalid x-api-key"],
  [
    "a wrong key, echoed",
    401,
    error("authentication_error", `invalid x-api-key ${KEY}`),
    "rejected",
    "x-api-key ***",
  ],
  ["no permission", 403, error("permission_error", DENIED), "restricted"],
  ["a region", 403, error("forbidden", "Request not allowed"), "unverifiable", "Request not allowed"],
  ["no credit", 400, error("invalid_request_error", LOW), "no_quota", "Plans & Billing"],
  ["a spend limit", 400, error("invalid_request_error", LIMIT), "no_quota"],
  ["no billing", 402, error("billing_error", "There is an issue with your billing"), "no_quota"],
  [
    "a disabled organisation",
    400,
    error("invalid_request_error", "This organization has been disabled."),
    "rejected",
  ],
  ["overloaded", 529, error("overloaded_error", "Overloaded"), "unreachable", "Overloaded"],
]);
