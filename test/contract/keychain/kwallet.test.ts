/** The keychain contract on a real KWallet. */
import { startKwalletHost } from "./kwallet-host.ts";
import { keychainContract } from "./suite.ts";

keychainContract("kwallet", startKwalletHost);
