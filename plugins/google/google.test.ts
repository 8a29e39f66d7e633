import { testVendor } from "../../test/support/plugin-table.ts";
import { google } from "./index.ts";

const KEY = "AIzaSyEXAMPLE-abcdefghijklmnopqrstuvwxy";
const error = (code: number, status: string, message: string, reason?: string) => ({
  error: {
    code,
    message,
    status,
    details: reason && [
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" },
      { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", locale: "en-US", message },
    ],
  },
});
const INVALID = "API key not valid. Please pass a valid API key.";
const EXPIRED = "API key expired. Please renew the API key.";
const SUSPENDED = `Permission denied: Consumer 'api_key:${KEY}' has been suspended.`;
const LEAKED = "Your API key was reported as leaked. Please use another API key.";
const OLD_KIND =
  "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";

testVendor(google, KEY, [
  ["a good key", 200, { models: [{ name: "models/gemini-2.5-pro" }], nextPageToken: "x" }, "valid"],
  ["a wrong key", 400, error(400, "INVALID_ARGUMENT", INVALID, "API_KEY_INVALID"), "rejected", "not know"],
  ["an expired key", 400, error(400, "INVALID_ARGUMENT", EXPIRED, "API_KEY_INVALID"), "rejected", "expired"],
  [
    "a key of the old kind",
    401,
    error(401, "UNAUTHENTICATED", OLD_KIND, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    "rejected",
    "older kind",
  ],
  [
    "a suspended key, echoed",
    403,
    error(403, "PERMISSION_DENIED", SUSPENDED, "CONSUMER_SUSPENDED"),
    "rejected",
    "'api_key:***'",
  ],
  ["a leaked key", 403, error(403, "PERMISSION_DENIED", LEAKED), "rejected", "leaked"],
  [
    "another API's key",
    403,
    error(403, "PERMISSION_DENIED", "Requests are blocked.", "API_KEY_SERVICE_BLOCKED"),
    "restricted",
  ],
  [
    "another machine's key",
    403,
    error(403, "PERMISSION_DENIED", "Blocked.", "API_KEY_IP_ADDRESS_BLOCKED"),
    "restricted",
  ],
  [
    "a project without the API",
    403,
    error(403, "PERMISSION_DENIED", "It is disabled.", "SERVICE_DISABLED"),
    "restricted",
  ],
  [
    "no key arrived",
    403,
    error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers"),
    "unverifiable",
  ],
  [
    "a region",
    400,
    error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    "unverifiable",
  ],
  [
    "no quota",
    429,
    error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan"),
    "no_quota",
  ],
]);
