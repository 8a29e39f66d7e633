import { testVendor } from "../../test/support/plugin-table.ts";
import { together } from "./index.ts";

const KEY = "EXAMPLE0123456789abcdef0123456789abcdef0123456789abcdef012345678";
const WRONG =
  "Invalid API key provided. You can find your API key at https://api.together.xyz/settings/api-keys.";
const error = (message: string, code: string) => ({
  error: { message, type: "invalid_request_error", param: null, code },
});

testVendor(together, KEY, [
  ["a good key", 200, [{ id: "meta-llama/Llama-3.3-70B-Instruct-Turbo", object: "model" }], "valid"],
  ["an empty list", 200, [], "unverifiable"],
  // github.com/harshitv804/LawGPT/issues/4
  ["a wrong key", 401, error(WRONG, "invalid_api_key"), "rejected", "Invalid API key provided"],
  ["no credit", 402, error("Credit limit exceeded", "credit_limit"), "no_quota", "credit"],
]);
