/** The keychain contract on a stand-in for macOS' frameworks. On macOS itself it runs in CI (desktop.yml). */
import { startMacosHost } from "./macos-host.ts";
import { keychainContract } from "./suite.ts";

keychainContract("macos-keychain", startMacosHost);
