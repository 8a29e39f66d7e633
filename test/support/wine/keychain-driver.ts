/**
 * The Windows backend as a program of its own, for tests under Wine, where `bun test` cannot run: commands as JSON
 * lines on stdin, answers as JSON lines on stdout. Arguments: the library to use in place of advapi32.dll (or `-`),
 * and the time limit in milliseconds. Test support, never shipped.
 */
import { dlopen } from "bun:ffi";
import { readSync } from "node:fs";
import { GumCredError } from "../../../src/core/errors.ts";
import { reveal, secret } from "../../../src/core/secret.ts";
import { openCredentialStore } from "../../../src/keychain/windows/credentials.ts";
import { windowsCredentialManager } from "../../../src/keychain/windows/windows.ts";

const [libraryArgument = "-", timeoutMs = "5000"] = process.argv.slice(2);
const library = libraryArgument === "-" ? undefined : libraryArgument;
const options = { timeoutMs: Number(timeoutMs), mayPrompt: false };
const keychain = windowsCredentialManager(options, () => openCredentialStore(library));

interface Command {
  readonly op: string;
  readonly service: string;
  readonly account: string;
  readonly accounts: readonly string[];
  readonly value: string;
  readonly values: readonly string[];
  readonly count: number;
}

const OPERATIONS: Record<string, (command: Command) => unknown> = {
  state: () => keychain.state(),
  async read({ service, accounts }) {
    const found = await keychain.read(service, accounts);
    return [...found].map(([account, value]) => [account, reveal(value)]);
  },
  write: ({ service, account, value }) => keychain.write(service, account, secret(value)),
  remove: ({ service, account }) => keychain.remove(service, account),
  list: ({ service }) => keychain.list(service),
  close: () => keychain.close(),
  memory,
  lastErrors,
  writeByTurns,
  readMany,
  hold,
  leftovers,
};

/** Results of the library that were not freed, and the resident size in bytes, after `count` writes and reads. */
async function memory({ service, account, value, count }: Command) {
  for (let round = 0; round < count; round += 1) {
    await keychain.write(service, account, secret(value));
    await keychain.read(service, [account]);
  }
  Bun.gc(true);
  const strict = library && dlopen(library, { strict_outstanding: { args: [], returns: "i32" } });
  return { outstanding: strict ? strict.symbols.strict_outstanding() : null, rss: process.memoryUsage.rss() };
}

/**
 * Provokes failures of `values`, numbers of GetLastError, `count` times by turns, while the collector, timers and
 * other native calls run in between. Returns how often each came out as what.
 */
async function lastErrors({ values, count }: Command) {
  const seen: Record<string, number> = {};
  let rubbish: unknown[] = [];
  for (let round = 0; round < count; round += 1) {
    const expected = values[round % values.length] ?? "";
    const outcome = await keychain
      .read(`error:${expected}`, ["account"])
      .then((found) => `absent ${found.size}`)
      .catch((error: GumCredError) => `${error.code} ${/\d+/.exec(error.message)?.[0] ?? ""}`);
    seen[`${expected}: ${outcome}`] = (seen[`${expected}: ${outcome}`] ?? 0) + 1;
    rubbish.push({ round, text: "x".repeat(round % 997), bytes: new Uint8Array(round % 5000) });
    if (rubbish.length > 3000) rubbish = [];
    if (round % 1000 === 0) Bun.gc(true);
    if (round % 100 === 0) await Bun.sleep(0);
  }
  return seen;
}

/** Writes one value after the other, `count` times in all. */
async function writeByTurns({ service, account, values, count }: Command) {
  for (let round = 0; round < count; round += 1) {
    await keychain.write(service, account, secret(values[round % values.length] ?? ""));
  }
}

/** Reads `count` times. Returns how often each of `values`, something else (-1) or an error's code came back. */
async function readMany({ service, account, values, count }: Command) {
  const seen: Record<string, number> = {};
  for (let round = 0; round < count; round += 1) {
    const outcome = await keychain
      .read(service, [account])
      .then((found) => found.get(account))
      .then((found) => (found === undefined ? "absent" : String(values.indexOf(reveal(found)))))
      .catch((error: GumCredError) => `${error.code}: ${error.message}`);
    seen[outcome] = (seen[outcome] ?? 0) + 1;
  }
  return seen;
}

/** Says `{"held":true}`, then keeps the lock between processes for `count` milliseconds. */
function hold({ count }: Command) {
  openCredentialStore(library)?.exclusively(1000, () => {
    console.log(JSON.stringify({ held: true }));
    Bun.sleepSync(count);
  });
}

/** How many bytes of a blob are not zero after a write, and after one that Windows refuses. */
function leftovers({ service }: Command) {
  const remaining = (target: string) => {
    const blob = new TextEncoder().encode("EXAMPLE!");
    try {
      openCredentialStore(library)?.write({ target, userName: "account", comment: "", blob });
    } catch (error) {
      if (!(error instanceof GumCredError)) throw error;
    }
    return blob.filter((byte) => byte !== 0).length;
  };
  return { written: remaining(service), refused: remaining("error:5") };
}

/** One command's answer. */
async function answer(command: Command): Promise<object> {
  try {
    return { result: (await OPERATIONS[command.op]?.(command)) ?? null };
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    return { error: { code: error.code, message: error.message, hint: error.hint } };
  }
}

// Read without streams: those open stdin in a way that Wine 8 refuses (EBADF).
const input = new Uint8Array(65_536);
const decoder = new TextDecoder();
let rest = "";
for (let size = readSync(0, input); size > 0; size = readSync(0, input)) {
  const lines = (rest + decoder.decode(input.subarray(0, size), { stream: true })).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) console.log(JSON.stringify(await answer(JSON.parse(line))));
}
