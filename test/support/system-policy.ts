/**
 * A policy of the system's for tests: the program runs in a mount namespace with an /etc of its own, which holds the
 * policy and the few files that programs expect there. Needs CAN_MOUNT.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { gumCred } from "./binary.ts";

const WANTED = ["passwd", "group", "hosts", "nsswitch.conf", "machine-id"];

/** The program and first arguments that run gum-cred under this policy (an object, or the text itself). */
export function underSystemPolicy(policy: object | string): readonly string[] {
  const etc = mkdtempSync("/tmp/gum-cred-etc-");
  mkdirSync(`${etc}/gum-cred`, { mode: 0o755 });
  const text = typeof policy === "string" ? policy : JSON.stringify({ version: 1, ...policy });
  writeFileSync(`${etc}/gum-cred/policy.json`, text, { mode: 0o644 });
  for (const name of WANTED) if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, `${etc}/${name}`);
  const script = 'mount --bind "$0" /etc && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, etc, gumCred()];
}
