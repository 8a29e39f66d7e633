import { testVendor } from "../../test/support/plugin-table.ts";
import { cohere } from "./index.ts";

const KEY = "EXAMPLEabcdefghijklmnopqrstuvwxyz0123456";
const TRIAL =
  "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits.";

testVendor(cohere, KEY, [
  ["a good key", 200, { models: [{ name: "command-r-plus", endpoints: ["chat"] }] }, "valid"],
  // github.com/cohere-ai/cohere-toolkit/issues/857
  ["a wrong key", 401, { message: "invalid api token" }, "rejected", "invalid api token"],
  ["a blocked key", 403, { message: "forbidden" }, "rejected", "forbidden"],
  ["no trial calls left", 429, { message: TRIAL }, "no_quota"],
]);
