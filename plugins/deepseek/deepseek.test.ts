import { testVendor } from "../../test/support/plugin-table.ts";
import { deepseek } from "./index.ts";

const KEY = "sk-example0123456789abcdef012345";
const balance = (is_available: boolean, total_balance: string) => ({
  is_available,
  balance_infos: [
    { currency: "USD", total_balance, granted_balance: "0.00", topped_up_balance: total_balance },
  ],
});
const error = (message: string, type: string, code: string) => ({
  error: { message, type, param: null, code },
});
const WRONG = "Authentication Fails, Your api key: ****2345 is invalid";

testVendor(deepseek, KEY, [
  ["a good key", 200, balance(true, "110.00"), "valid"],
  ["no balance", 200, balance(false, "0.00"), "no_quota", "balance"],
  ["a wrong key", 401, error(WRONG, "authentication_error", "invalid_request_error"), "rejected", "****2345"],
  [
    "a wrong key, echoed whole",
    401,
    error(WRONG.replace("****2345", KEY), "authentication_error", "x"),
    "rejected",
    "key: ***",
  ],
  [
    "no balance, as 402",
    402,
    error("Insufficient Balance", "unknown_error", "invalid_request_error"),
    "no_quota",
  ],
]);
