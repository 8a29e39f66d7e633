import { testVendor } from "../../test/support/plugin-table.ts";
import { groq } from "./index.ts";

const KEY = "gsk_EXAMPLEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHI";
const error = (message: string, code: string) => ({
  error: { message, type: "invalid_request_error", code },
});
const RESTRICTED =
  "Organization has been restricted. Please reach out to support if you believe this was in error.";

testVendor(groq, KEY, [
  [
    "a good key",
    200,
    { object: "list", data: [{ id: "llama-3.3-70b-versatile", object: "model" }] },
    "valid",
  ],
  // github.com/nark/WiredSwift/issues/44
  ["a wrong key", 401, error("Invalid API Key", "invalid_api_key"), "rejected", "Invalid API Key"],
  ["a restricted organisation", 400, error(RESTRICTED, "organization_restricted"), "rejected", "restricted"],
  ["another bad request", 400, error("Bad page", "invalid_request"), "unverifiable", "Bad page"],
]);
