import { expect, test } from "bun:test";
import { testVendor } from "../../test/support/plugin-table.ts";
import { amazonBedrock } from "./index.ts";

const KEY = "ABSKEXAMPLEabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NOT_ALLOWED =
  "User: arn:aws:iam::111122223333:user/BedrockAPIKey-1 is not authorized to perform: bedrock:ListFoundationModels because no identity-based policy allows the bedrock:ListFoundationModels action";
const WRONG = "Authentication failed: Please make sure your API Key is valid.";
const FORMAT = "Invalid API Key format: Must start with pre-defined prefix";

testVendor(amazonBedrock, KEY, [
  ["a good key", 200, { modelSummaries: [{ modelId: "amazon.nova-pro-v1:0" }] }, "valid"],
  ["a wrong key, or another region's", 403, { Message: WRONG }, "rejected", "Authentication failed"],
  ["something that is not a key", 403, { Message: FORMAT }, "rejected", "pre-defined prefix"],
  ["an expired key", 403, { Message: "Bearer Token has expired" }, "rejected", "expired"],
  ["a key that may not list", 403, { Message: NOT_ALLOWED }, "restricted", "policy"],
]);

test("models are called in the region of the key, and not where keys are verified", () => {
  const scope = { baseUrl: null, teamId: null };
  expect(amazonBedrock.apiBase(scope)).toBeNull();
  expect(amazonBedrock.apiBase({ ...scope, companions: new Map([["region", "eu-west-1"]]) })).toBe(
    "https://bedrock-runtime.eu-west-1.amazonaws.com",
  );
});
