/** The keychain contract on a real GNOME Keyring. */
import { startSecretServiceHost } from "./secret-service-host.ts";
import { keychainContract } from "./suite.ts";

keychainContract("secret-service", startSecretServiceHost);
