import { testVendor } from "../../test/support/plugin-table.ts";
import { mistral } from "./index.ts";

const KEY = "EXAMPLEabcdefghijklmnop012345678";

testVendor(mistral, KEY, [
  ["a good key", 200, { object: "list", data: [{ id: "mistral-large-latest", object: "model" }] }, "valid"],
  // github.com/nextcloud/integration_openai/issues/332
  ["a wrong key", 401, { detail: "Unauthorized" }, "rejected", "Unauthorized"],
  ["the gateway's words", 401, { message: "Unauthorized", request_id: "1" }, "rejected", "Unauthorized"],
  ["a wrong key, echoed", 401, { detail: `Unknown key ${KEY}` }, "rejected", "***"],
]);
