import { testVendor } from "../../test/support/plugin-table.ts";
import { openai } from "./index.ts";

const KEY = "sk-proj-EXAMPLEabcdefghijklmnopqrstuvwxyzT3BlbkFJ0123456789";
const error = (message: string, code: string | null, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
const scopes = (scope: string) =>
  `You have insufficient permissions for this operation. Missing scopes: ${scope}. Check that you have the correct role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, that it has the necessary scopes.`;
const WRONG = `Incorrect API key provided: ${KEY}. You can find your API key at https://platform.openai.com/account/api-keys.`;
const MASKED = "Incorrect API key provided: sk-pr***************6789. You can find your API key at …";
const QUOTA = "You exceeded your current quota, please check your plan and billing details.";

testVendor(openai, KEY, [
  ["a good key", 200, { object: "list", data: [{ id: "gpt-5", object: "model" }] }, "valid"],
  ["a restricted key", 403, error(scopes("api.model.read"), null), "restricted", "permissions"],
  ["a restricted key, as 401", 401, error(scopes("model.request"), null), "restricted"],
  ["a restricted key, as text", 403, { error: scopes("api.model.read") }, "restricted"],
  ["a wrong key, echoed whole", 401, error(WRONG, "invalid_api_key"), "rejected", /provided: \*\*\*/],
  ["a wrong key, masked", 401, error(MASKED, "invalid_api_key"), "rejected", "sk-pr***"],
  ["no member of an organisation", 401, error("You must be a member of an organization", null), "rejected"],
  ["a wrong address", 401, error("IP not authorized", "ip_not_authorized"), "restricted", "address"],
  ["no quota", 429, error(QUOTA, "insufficient_quota", "insufficient_quota"), "no_quota", "credit"],
  ["no credit", 429, error(QUOTA, "credit_balance_exhausted", "billing_error"), "no_quota"],
  [
    "a region",
    403,
    error("Country, region, or territory not supported", "unsupported_country_region_territory"),
    "unverifiable",
  ],
]);
