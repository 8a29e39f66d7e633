/**
 * Builds the stand-in for macOS' frameworks (fake.h says what it is) into a folder of its own and looks into that
 * folder, sharing no code with gum-cred. Python keyring's own macOS backend runs on it too.
 */
import { dlopen } from "bun:ffi";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Libraries } from "../../../src/keychain/macos/security-framework.ts";

export interface FakeItem {
  readonly id: string;
  readonly keychain: number;
  readonly service: string;
  readonly account: string;
  readonly value: string;
}

export interface FakeSecurity {
  /** The folder of the library and of everything that it keeps. */
  readonly folder: string;
  readonly libraries: Libraries;
  /** How it behaves from now on, in every process: words that security.c explains. */
  behave(flags?: string): void;
  items(): readonly FakeItem[];
  /** Puts an item into a keychain, past every check; 0 is the default keychain. */
  plant(item: Omit<FakeItem, "id" | "account" | "value"> & { account: Uint8Array; value: Uint8Array }): void;
  /** The dialogs that a person would have seen so far. */
  dialogs(): readonly string[];
  /** What macOS would have objected to so far. */
  complaints(): readonly string[];
  /** CoreFoundation objects of this process that were not released. */
  liveObjects(): number;
  /** Whether the bytes that were last lent to it have been overwritten. */
  lastBytesAreZero(): boolean;
  /** Calls a function of keyring.backends.macOS.api as another program; what it returns, as JSON. */
  python(name: string, ...args: readonly string[]): Promise<unknown>;
  stop(): void;
}

const SOURCES = ["foundation.c", "security.c", "store.c"].map((name) => `${import.meta.dir}/${name}`);

export function startFakeSecurity(): FakeSecurity {
  const folder = mkdtempSync(`${tmpdir()}/gum-cred-fake-security-`);
  const library = compile(folder);
  const { symbols } = dlopen(library, {
    fake_live_objects: { args: [], returns: "i32" },
    fake_last_bytes_are_zero: { args: [], returns: "i32" },
  });
  const lines = (name: string) => {
    const file = `${folder}/${name}`;
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  };
  return {
    folder,
    libraries: { security: library, coreFoundation: library },
    behave: (flags = "") => writeFileSync(`${folder}/flags`, flags),
    items: () => lines("items").slice(1).map(parseItem),
    plant({ keychain, service, account, value }) {
      const file = `${folder}/items`;
      if (!existsSync(file)) writeFileSync(file, "1000\n");
      const id = 900 + lines("items").length;
      const fields = ["another program", service, account, value].map((field) => `.${hex(field)}`);
      appendFileSync(file, `${id} ${keychain} ${fields.join(" ")}\n`);
    },
    dialogs: () => lines("dialogs"),
    complaints: () => lines("complaints"),
    liveObjects: () => symbols.fake_live_objects(),
    lastBytesAreZero: () => symbols.fake_last_bytes_are_zero() === 1,
    python: (name, ...args) => callPython(library, name, args),
    stop: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The library keeps its items where it was loaded from, so each has one of its own. */
function compile(folder: string): string {
  const library = `${folder}/Security.so`;
  const command = ["cc", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, ...SOURCES];
  const { exitCode, stderr } = Bun.spawnSync([...command, "-lpthread", "-ldl"], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`cc failed: ${stderr}`);
  return library;
}

function parseItem(line: string): FakeItem {
  const [id = "", keychain, _owner, service = "", account = "", value = ""] = line.split(" ");
  return {
    id,
    keychain: Number(keychain),
    service: text(service),
    account: text(account),
    value: text(value),
  };
}

const text = (field: string) => Buffer.from(field.slice(1), "hex").toString("utf8");
const hex = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("hex");

// Python looks for the frameworks among what is loaded already when the system has no library of their names.
const CALL = `
import json, sys
from keyring.backends.macOS import api
name, *args = json.load(sys.stdin)
json.dump(getattr(api, name)(None, *args), sys.stdout)
`;

async function callPython(library: string, name: string, args: readonly string[]): Promise<unknown> {
  const child = Bun.spawn(["/usr/bin/python3", "-c", CALL], {
    env: { LD_PRELOAD: library, LANG: "C.UTF-8" },
    stdin: new Blob([JSON.stringify([name, ...args])]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
