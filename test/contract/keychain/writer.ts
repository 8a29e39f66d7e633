/** One of several processes that write the same account at the same time: SERVICE ACCOUNT NAME TIMES. */
import { secret } from "../../../src/core/secret.ts";
import { openKeychain } from "../../../src/keychain/choose.ts";

const [service = "", account = "", name = "", times = "1"] = process.argv.slice(2);
const keychain = openKeychain({ timeoutMs: 10_000, mayPrompt: false });
for (let index = 0; index < Number(times); index++) {
  await keychain.write(service, account, secret(`${name}-${index}-EXAMPLE`));
}
keychain.close();
