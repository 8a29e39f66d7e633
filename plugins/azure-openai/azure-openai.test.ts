import { testVendor } from "../../test/support/plugin-table.ts";
import { azureOpenai } from "./index.ts";

const KEY = "EXAMPLE0123456789abcdef012345678";
const error = (code: string, message: string) => ({ error: { code, message } });
const WRONG =
  "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.";
const FIREWALL = "Access denied due to Virtual Network/Firewall rules.";
const DISABLED = "Key based authentication is disabled for this resource.";

testVendor(azureOpenai, KEY, [
  ["a good key", 200, { data: [{ id: "gpt-4o", object: "model" }], object: "list" }, "valid"],
  // github.com/SciSharp/BotSharp/issues/386, github.com/vercel/chatbot/issues/588
  ["a wrong key or endpoint", 401, error("401", WRONG), "rejected", "wrong API endpoint"],
  ["a firewall", 403, error("403", FIREWALL), "unverifiable", "network"],
  ["keys switched off", 403, error("AuthenticationTypeDisabled", DISABLED), "rejected", "no keys"],
  ["a wrong endpoint", 404, error("404", "Resource not found"), "unverifiable", "Resource not found"],
]);
