/**
 * The keychain contract on this machine's own keychain, macOS or Windows, where GUM_CRED_TEST_DESKTOP=1 allows it:
 * it writes there, and on macOS changes the default keychain until it ends. Made for CI (desktop.yml).
 */
import { describe, test } from "bun:test";
import { startDesktopHost } from "./desktop-host.ts";
import { keychainContract } from "./suite.ts";

const system = { darwin: "macOS", win32: "Windows" }[process.platform as string];

if (system !== undefined && process.env["GUM_CRED_TEST_DESKTOP"] === "1") {
  const traits = system === "Windows" ? { locks: false, longestName: 200 } : {};
  keychainContract(`${system} itself`, startDesktopHost, traits);
} else {
  describe("macOS or Windows itself: keychain contract", () => {
    test.skip("needs GUM_CRED_TEST_DESKTOP=1 on such a machine", () => {});
  });
}
