/**
 * A {@link Keychain} on this side whose other end is the Windows backend in a process under Wine
 * (keychain-driver.ts), and the programs beside it: the credential tool and Python keyring.
 */
import { join } from "node:path";
import { type ErrorCode, fail } from "../../../src/core/errors.ts";
import { reveal, secret } from "../../../src/core/secret.ts";
import { type Keychain, type KeychainState, noForesight, noTimes } from "../../../src/keychain/keychain.ts";
import { openWine, type WineProcess } from "./wine.ts";

/** What STRICT_ERROR, STRICT_DIE_AT and STRICT_FAIL_AT say; see strict-credentials.c. */
export interface WindowsKeychainOptions {
  readonly timeoutMs?: number;
  readonly env?: Record<string, string>;
  /** Talk to Wine's advapi32.dll itself, and not through strict-credentials.dll. */
  readonly direct?: boolean;
}

export interface WindowsKeychain extends Keychain {
  /** Any operation of the driver. Rejects with its error, or, when the process ends instead, with a plain Error. */
  call(op: string, parameters?: object): Promise<unknown>;
  /** Kills the process as a crash would. */
  kill(): Promise<void>;
  /** The exit code, once it has ended. */
  exited(): Promise<number>;
}

/**
 * A process with the Windows backend, started with the first operation. Each is a program of its own, as two
 * shells would run.
 */
export function openWindowsKeychain(options: WindowsKeychainOptions = {}): WindowsKeychain {
  let started: Promise<{ child: WineProcess; lines: Conversation }> | undefined;
  async function start() {
    const wine = await openWine();
    const library = options.direct ? "-" : await wine.compileC("strict-credentials.c");
    const exe = await wine.compileBun(join(import.meta.dir, "keychain-driver.ts"));
    const child = wine.start(exe, [library, String(options.timeoutMs ?? 5000)], options.env);
    return { child, lines: conversation(child) };
  }
  const running = () => {
    started ??= start();
    return started;
  };

  async function call(op: string, parameters: object = {}): Promise<unknown> {
    const { lines } = await running();
    const answer = JSON.parse(await lines.ask(JSON.stringify({ op, ...parameters })));
    if (answer.error === undefined) return answer.result;
    const { code, message, hint } = answer.error as { code: ErrorCode; message: string; hint: string };
    throw fail(code, message, hint);
  }

  return {
    backend: "windows-credential-manager",
    state: () => call("state") as Promise<KeychainState>,
    async read(service, accounts) {
      const found = (await call("read", { service, accounts })) as [string, string][];
      return new Map(found.map(([account, value]) => [account, secret(value)]));
    },
    foresee: noForesight,
    modifiedAt: noTimes,
    async write(service, account, value) {
      await call("write", { service, account, value: reveal(value) });
    },
    remove: (service, account) => call("remove", { service, account }) as Promise<boolean>,
    list: (service) => call("list", { service }) as Promise<string[]>,
    listFew: (service) => call("list", { service }) as Promise<string[]>,
    close() {
      if (started !== undefined) void call("close").catch(() => undefined);
    },
    call,
    async exited() {
      const { child } = await running();
      return child.exited;
    },
    async kill() {
      const { child } = await running();
      child.kill("SIGKILL"); // Wine runs the program in the very process that was started
      await child.exited;
    },
  };
}

/** One generic credential as it lies in Windows. */
export interface RawCredential {
  readonly target: string;
  readonly userName: string;
  readonly comment: string;
  readonly type: number;
  readonly persist: number;
  readonly blob: Buffer;
}

/** "Another program": credential-tool.c, through wincred.h, with nothing of ours in it. */
export interface CredentialTool {
  read(target: string): Promise<RawCredential | null>;
  write(target: string, userName: string, blob: Buffer, comment?: string): Promise<void>;
  /** False when there was none. */
  delete(target: string): Promise<boolean>;
  list(): Promise<RawCredential[]>;
}

export async function openCredentialTool(): Promise<CredentialTool> {
  const wine = await openWine();
  const lines = conversation(wine.start(await wine.compileC("credential-tool.c")));
  const hex = (text: string) => Buffer.from(text, "utf16le").toString("hex") || "-";
  const text = (field = "-") => Buffer.from(field.replace("-", ""), "hex").toString("utf16le");

  function parse(answer: string): RawCredential {
    const [, target, userName, comment, type, persist, blob = "-"] = answer.split(" ");
    return {
      target: text(target),
      userName: text(userName),
      comment: text(comment),
      type: Number(type),
      persist: Number(persist),
      blob: Buffer.from(blob.replace("-", ""), "hex"),
    };
  }
  return {
    async read(target) {
      const answer = await lines.ask(`read ${hex(target)}`);
      return answer.startsWith("ok") ? parse(answer) : null;
    },
    async write(target, userName, blob, comment = "") {
      const answer = await lines.ask(
        `write ${hex(target)} ${hex(userName)} ${hex(comment)} 3 ${blob.toString("hex") || "-"}`,
      );
      if (answer !== "ok") throw new Error(`credential-tool: ${answer}`);
    },
    async delete(target) {
      return (await lines.ask(`delete ${hex(target)}`)) === "ok";
    },
    async list() {
      const found: RawCredential[] = [];
      for (let answer = await lines.ask("list"); answer !== "end"; answer = await lines.next()) {
        found.push(parse(answer));
      }
      return found;
    },
  };
}

/** Python keyring's own Windows backend (python-keyring.py), on top of the credential tool. */
export interface PythonKeyring {
  get(service: string, account: string): Promise<string | null>;
  set(service: string, account: string, value: string): Promise<void>;
  /** Throws when there is none. */
  delete(service: string, account: string): Promise<void>;
  /** The value that `get_credential` finds, which looks at the compound name first. */
  credential(service: string, account: string): Promise<string | null>;
}

export async function openPythonKeyring(): Promise<PythonKeyring> {
  const wine = await openWine();
  const tool = join(wine.folder, await wine.compileC("credential-tool.c"));
  const python = wine.startNative(["/usr/bin/python3", join(import.meta.dir, "python-keyring.py"), tool]);
  const lines = conversation(python);
  async function ask(...command: readonly string[]): Promise<string | null> {
    const answer = JSON.parse(await lines.ask(JSON.stringify(command)));
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  }
  return {
    get: (service, account) => ask("get_password", service, account),
    async set(service, account, value) {
      await ask("set_password", service, account, value);
    },
    async delete(service, account) {
      await ask("delete_password", service, account);
    },
    credential: (service, account) => ask("get_credential", service, account),
  };
}

/** Question and answer with a process, a line each. */
interface Conversation {
  /** Sends a line and waits for the answer's. Several at a time are answered in order. */
  ask(line: string): Promise<string>;
  /** The next line of an answer that has several. */
  next(): Promise<string>;
}

function conversation(child: WineProcess): Conversation {
  const reader = readLines(child);
  async function next(): Promise<string> {
    const { value, done } = await reader.next();
    if (done !== true) return value;
    throw new Error(`the process ended with ${await child.exited}\n${await child.stderr.text()}`);
  }
  return {
    next,
    ask(line: string): Promise<string> {
      child.stdin.write(`${line}\n`);
      child.stdin.flush();
      return next();
    },
  };
}

async function* readLines(child: WineProcess): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
