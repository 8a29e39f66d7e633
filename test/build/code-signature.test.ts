/**
 * The signature of macOS files, checked against the one that Bun's makers gave their own executable: what finds that
 * one right, and finds every change in it, can be believed about ours.
 */
import { beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { mismatchedPages, signAdHoc } from "../../scripts/build/code-signature.ts";
import { harden } from "../../scripts/build/harden.ts";
import { parseMachO } from "../../scripts/build/mach-o.ts";
import { findTarget } from "../../scripts/build/targets.ts";

const ROOT = resolve(import.meta.dir, "../..");

for (const name of ["darwin-x64", "darwin-arm64"]) {
  const target = findTarget(name);
  let bun = Buffer.alloc(0);

  beforeAll(() => {
    const found = Bun.spawnSync([`${ROOT}/scripts/build/target-bun.sh`, target.runtime], {
      stderr: "inherit",
    });
    bun = readFileSync(found.stdout.toString().trim());
  }, 180_000);

  test(`${name}: a matching signature, and each change of a page`, () => {
    expect(mismatchedPages(bun)).toBe(0);
    const changed = Buffer.from(bun);
    const { offset, size } = parseMachO(changed).section("__TEXT,__const");
    for (const at of [offset, offset + size - 1]) changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(mismatchedPages(changed)).toBe(2);
  });

  test(`${name}: hardening breaks the signature, and signing again repairs it`, () => {
    const hardened = Buffer.from(bun);
    harden(hardened, target);
    expect(mismatchedPages(hardened)).toBeGreaterThan(1);
    const signed = signAdHoc(hardened, "gum-cred");
    expect(mismatchedPages(signed)).toBe(0);
    expect(signAdHoc(signed, "gum-cred").equals(signed)).toBe(true);
    // Nothing but the sizes of the signature differs before it.
    const macho = parseMachO(signed);
    const end = signed.readUInt32LE(macho.signature() + 8);
    let differing = 0;
    for (let at = 0; at < end; at++) if (signed[at] !== hardened[at]) differing++;
    expect(differing).toBeLessThanOrEqual(8 + 8 + 4);
    const linkedit = macho.segment("__LINKEDIT");
    expect(Number(signed.readBigUInt64LE(linkedit + 40) + signed.readBigUInt64LE(linkedit + 48))).toBe(
      signed.length,
    );
    expect(() => harden(Buffer.from(signed), target)).toThrow("is there 0 times");
  });
}

test("what is no Mach-O file, or has no signature, is refused", () => {
  expect(() => parseMachO(Buffer.from("MZ"))).toThrow("not a 64-bit");
  const bare = Buffer.alloc(32);
  bare.writeUInt32LE(0xfeedfacf, 0);
  expect(() => signAdHoc(bare, "x")).toThrow("no code signature");
});
