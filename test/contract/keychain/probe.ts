/**
 * One keychain operation in a process of its own, because a native wait stops everything else in it: prints
 * how it ended and how long it took, as JSON on the last line. Arguments: state|read, timeout in ms.
 */
import { GumCredError } from "../../../src/core/errors.ts";
import { openKeychain } from "../../../src/keychain/choose.ts";

const [operation = "state", timeoutMs = "1000"] = process.argv.slice(2);
const keychain = openKeychain({ timeoutMs: Number(timeoutMs), mayPrompt: false });
const started = performance.now();
const ending = await (operation === "state"
  ? keychain.state()
  : keychain.read("gumloop-cli", ["default:api_key"])
).then(
  (result) => ({ result: typeof result === "string" ? result : [...result.keys()] }),
  (error: unknown) =>
    error instanceof GumCredError ? { code: error.code, message: error.message } : { error: String(error) },
);
console.log(JSON.stringify({ ...ending, ms: performance.now() - started }));
