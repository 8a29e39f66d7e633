/** Another process that uses this machine's keychain: `read SERVICE ACCOUNT` or `write SERVICE ACCOUNT VALUE`. */
import { reveal, secret } from "../../../src/core/secret.ts";
import { openKeychain } from "../../../src/keychain/choose.ts";

const [operation, service = "", account = "", value = ""] = process.argv.slice(2);
const keychain = openKeychain({ timeoutMs: 10_000, mayPrompt: false });
if (operation === "write") await keychain.write(service, account, secret(value));
else console.log(JSON.stringify([...(await keychain.read(service, [account])).values()].map(reveal)));
process.exit(0);
