import { testVendor } from "../../test/support/plugin-table.ts";
import { fireworks } from "./index.ts";

const KEY = "fw_EXAMPLEabcdefghijklmnop";
const error = (code: string, message: string) => ({ error: { code, message } });
const FIRE_PASS = "Fire Pass API keys are not authorized for this route.";

// Fireworks documents statuses, not bodies; the 403 of Fire Pass keys is a real one.
testVendor(fireworks, KEY, [
  [
    "a good key",
    200,
    { models: [{ name: "accounts/fireworks/models/kimi-k2" }], nextPageToken: "x" },
    "valid",
  ],
  ["a wrong key", 401, error("UNAUTHORIZED", `The API key ${KEY} is invalid`), "rejected", "key *** is"],
  ["a wrong key, as 403", 403, error("FORBIDDEN", "Forbidden"), "rejected"],
  ["a Fire Pass key", 403, error("FORBIDDEN", FIRE_PASS), "restricted", "only for calling models"],
  ["no paid plan", 402, error("PAYMENT_REQUIRED", "Payment Required"), "no_quota"],
  ["a suspended account", 412, error("PRECONDITION_FAILED", "Account is suspended"), "no_quota", "suspended"],
  ["the deployment registry is down", 500, "Error listing deployed models", "unreachable"],
]);
