/**
 * Recognises a manifest of the right shape without zod, whose schema (manifest.ts) takes longer to load than
 * everything else that reading one manifest takes. It accepts nothing that the schema does not (a test compares
 * the two) and says nothing of what is wrong: whatever it does not recognise is the schema's to judge. No I/O.
 */
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Manifest } from "./manifest.ts";

const KEYS = new Set([
  "$schema",
  "manifest",
  "id",
  "title",
  "env",
  "hosts",
  "setup_url",
  "verify",
  "command",
] satisfies (keyof Manifest)[]) as ReadonlySet<string>;

const VERIFY_KEYS = new Set([
  "url",
  "headers",
  "valid",
  "rejected",
  "restricted",
  "no_quota",
] satisfies (keyof NonNullable<Manifest["verify"]>)[]) as ReadonlySet<string>;

/** The manifest in these bytes, when it has the shape of one; null says nothing of what is wrong. */
export function goodManifest(bytes: Uint8Array): Manifest | null {
  try {
    const json: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    return isWellFormed(json) ? json : null;
  } catch {
    return null;
  }
}

/** Whether the JSON has the shape of a manifest. The rules that no schema can say are manifest-rules.ts's. */
export function isWellFormed(json: unknown): json is Manifest {
  if (!hasOnly(json, KEYS)) return false;
  const { $schema, manifest, id, title, env, hosts, setup_url: setupUrl, verify, command } = json;
  return (
    manifest === 1 &&
    isOptional($schema, isString) &&
    isString(id) &&
    isText(title, 80) &&
    isList(env, 8, isString) &&
    isList(hosts, 16, isString) &&
    isText(setupUrl, 250) &&
    isOptional(verify, isVerify) &&
    isOptional(command, (value) => isList(value, 32, (word) => isText(word, 250)))
  );
}

function isVerify(value: unknown): boolean {
  if (!hasOnly(value, VERIFY_KEYS)) return false;
  const { url, headers, valid, rejected, restricted, no_quota: noQuota } = value;
  return (
    isText(url, 250) &&
    isJsonObject(headers) &&
    Object.values(headers).every((header) => isString(header) && header.length <= 250) &&
    [valid, rejected].every(isStatuses) &&
    [restricted, noQuota].every((list) => isOptional(list, isStatuses))
  );
}

function hasOnly(value: unknown, keys: ReadonlySet<string>): value is JsonObject {
  return isJsonObject(value) && Object.keys(value).every((key) => keys.has(key));
}

function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isText(value: unknown, longest: number): boolean {
  return isString(value) && value.length >= 1 && value.length <= longest;
}

function isList(value: unknown, longest: number, check: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= longest && value.every(check);
}

function isStatuses(value: unknown): boolean {
  return isList(
    value,
    32,
    (status) => Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599,
  );
}
