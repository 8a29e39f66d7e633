/**
 * The keychain of macOS. The work is done in a thread of its own (`macos-worker.ts`), because macOS may take as
 * long as it likes to answer; this is who waits for it, and for how long.
 * Why: docs/adr/0007-macos-keychain.md.
 */
import { fail, type GumCredError } from "../../core/errors.ts";
import { reveal, secret } from "../../core/secret.ts";
import { deadlineIn } from "../../os/deadline.ts";
import { within } from "../../os/time-limit.ts";
import { type Keychain, type KeychainOptions, noForesight, noTimes } from "../keychain.ts";
import { checkNames, checkValue } from "../storable.ts";
import type { MacosItems } from "./items.ts";
import type { Answer, Request } from "./macos-worker.ts";
import { type Libraries, MACOS_LIBRARIES } from "./security-framework.ts";

/**
 * The user's keychains: entries are found in any that macOS searches and added to the default one. A timed-out
 * write may still happen while the process lives. Besides the interface's errors reading throws E_MALFORMED for
 * an entry that is not text. `libraries` is replaced only by tests.
 */
export function macosKeychain(options: KeychainOptions, libraries: Libraries = MACOS_LIBRARIES): Keychain {
  const thread = newThread(options, libraries);
  return {
    backend: "macos-keychain",
    state: () => thread.run("state"),
    async read(service, accounts) {
      checkNames(service, ...accounts);
      const found = await thread.run("read", service, [...new Set(accounts)]);
      return new Map(found.map(([account, value]) => [account, secret(value)]));
    },
    foresee: noForesight,
    modifiedAt: noTimes,
    async write(service, account, value) {
      checkNames(service, account);
      checkValue(value);
      await thread.run("write", service, account, reveal(value));
    },
    async remove(service, account) {
      checkNames(service, account);
      return thread.run("remove", service, account);
    },
    async list(service) {
      checkNames(service);
      return thread.run("list", service);
    },
    listFew(service) {
      return this.list(service);
    },
    close: thread.stop,
  };
}

/**
 * Lets macOS ask the person to unlock the default keychain; shows nothing when it is open. Throws
 * E_KEYCHAIN_DENIED when they decline, E_KEYCHAIN_LOCKED where no dialog can be shown, E_KEYCHAIN_UNAVAILABLE,
 * E_KEYCHAIN_TIMEOUT and E_KEYCHAIN_FAILED.
 */
export async function unlockMacosKeychain(timeoutMs: number, libraries = MACOS_LIBRARIES): Promise<void> {
  const thread = newThread({ timeoutMs, mayPrompt: true }, libraries);
  await thread.run("unlock").finally(thread.stop);
}

interface Thread {
  run<Name extends keyof MacosItems>(
    operation: Name,
    ...args: Parameters<MacosItems[Name]>
  ): Promise<ReturnType<MacosItems[Name]>>;
  /** Gives up what is under way. The next operation starts a new thread. */
  stop(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: GumCredError): void;
}

function newThread(options: KeychainOptions, libraries: Libraries): Thread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let last = 0;

  function start(): Worker {
    // An absolute address: a relative one would be looked for in the current directory too. The build keeps the
    // worker beside the bundle (--entry-naming '[name].[ext]'), as the source keeps it beside this file.
    const started = new Worker(new URL("./macos-worker.ts", import.meta.url));
    started.unref();
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiter = waiting.get(data.id);
      if ("result" in data) waiter?.resolve(data.result);
      else waiter?.reject(fail(data.failed.code, data.failed.message, data.failed.hint));
    };
    started.onerror = (event) => {
      event.preventDefault();
      giveUp(fail("E_KEYCHAIN_FAILED", "the keychain's thread could not be started"));
    };
    return started;
  }

  function giveUp(reason: GumCredError): void {
    for (const { reject } of waiting.values()) reject(reason);
    worker?.terminate();
    worker = null;
  }

  return {
    async run(operation, ...args) {
      const deadline = deadlineIn(options.timeoutMs);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const id = ++last;
      waiting.set(id, { resolve, reject });
      try {
        worker ??= start();
        const { mayPrompt } = options;
        worker.postMessage({ id, libraries, mayPrompt, operation, args } satisfies Request);
        const answer = await within(deadline.remaining(), promise, () => {
          giveUp(deadline.expired());
          return promise;
        });
        return answer as ReturnType<MacosItems[typeof operation]>;
      } finally {
        waiting.delete(id);
      }
    },
    stop: () => giveUp(fail("E_KEYCHAIN_FAILED", "the keychain was closed")),
  };
}
