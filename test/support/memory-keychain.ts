/**
 * A keychain in memory, for races alone: before any one operation another program can be let in, which no real
 * keyring can be told to do. What it stores and finds is what test/contract/keychain demands of every keychain.
 */
import { type Secret, secret } from "../../src/core/secret.ts";
import { type Keychain, noForesight, noTimes } from "../../src/keychain/keychain.ts";

export interface MemoryKeychain extends Keychain {
  /** Entries as `service/account`, open to the other program. */
  readonly entries: Map<string, Secret>;
  /** Operations so far. */
  readonly operations: number;
}

/** `before` runs ahead of each operation and is told its number, from 1. */
export function memoryKeychain(before: (operation: number) => void = () => {}): MemoryKeychain {
  const entries = new Map<string, Secret>();
  let operations = 0;
  const next = (): void => before(++operations);
  return {
    backend: "memory",
    entries,
    get operations() {
      return operations;
    },
    state: async () => "unlocked",
    async read(service, accounts) {
      next();
      const found = accounts.map((account) => [account, entries.get(`${service}/${account}`)] as const);
      return new Map(found.flatMap(([account, value]) => (value ? [[account, value]] : [])));
    },
    foresee: noForesight,
    modifiedAt: noTimes,
    async write(service, account, value) {
      next();
      entries.set(`${service}/${account}`, value);
    },
    async remove(service, account) {
      next();
      return entries.delete(`${service}/${account}`);
    },
    async list(service) {
      next();
      const mine = [...entries.keys()].filter((name) => name.startsWith(`${service}/`));
      return mine.map((name) => name.slice(service.length + 1)).sort();
    },
    listFew(service) {
      return this.list(service);
    },
    close() {},
  };
}

/** Puts plain values into it, as another program does. */
export function put(keychain: MemoryKeychain, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) keychain.entries.set(name, secret(value));
}
