/** The keychain contract on Windows' Credential Manager, under Wine. */
import { keychainContract } from "./suite.ts";
import { startWindowsHost } from "./windows-host.ts";

// Windows holds user names of 513 characters; Wine keeps a credential under a registry key, whose name ends at 255
// and has the service in it too.
keychainContract("windows-credential-manager", startWindowsHost, { locks: false, longestName: 200 });
