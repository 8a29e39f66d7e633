/**
 * Reads one field of a KV secret in Vault or OpenBao. One request where a token stands ready, login and read
 * otherwise. Never answers "nothing": a key that the policy names and that is not there is an error.
 */
import { clean, fail, type GumCredError } from "../../../core/errors.ts";
import { type Secret, secret } from "../../../core/secret.ts";
import type { Asking } from "../asking.ts";
import { type VaultReply, vaultClient } from "./client.ts";
import type { VaultLogins } from "./login.ts";
import { encodePath, type VaultSource } from "./settings.ts";

/** The key at a source. Throws what {@link vaultClient} and {@link VaultLogins} throw, E_SOURCE_DATA (7) for no key. */
export async function readVaultKey(
  source: VaultSource,
  logins: VaultLogins,
  asking: Asking,
): Promise<Secret> {
  const client = await vaultClient(source, asking);
  const token = await logins.token(source, client, asking);
  const middle = source.version === 2 ? "/data/" : "/";
  const path = `${encodePath(source.mount)}${middle}${encodePath(source.path)}`;
  const reply = await client.request({ method: "GET", path, token, step: "read" });
  return keyIn(reply, source, asking);
}

function keyIn(reply: VaultReply, source: VaultSource, asking: Asking): Secret {
  const what = `${asking.whose}: ${clean(source.mount, 64)}/${clean(source.path, 120)}`;
  const data = record(reply["data"]);
  const fields = source.version === 2 ? record(data?.["data"]) : data;
  if (data === null) throw noData(`${what}: the reply holds no data`);
  if (fields === null) {
    const other = source.version === 2 && typeof data[source.field] === "string";
    throw noData(
      `${what}: the reply has no 'data' of the KV engine's version ${source.version}`,
      other ? 'set "version": 1' : undefined,
    );
  }
  const value = Object.hasOwn(fields, source.field) ? fields[source.field] : undefined;
  const field = `the field '${clean(source.field, 64)}'`;
  if (value === undefined) throw noData(`${what} has no field '${clean(source.field, 64)}'`);
  if (typeof value !== "string") throw noData(`${what}: ${field} is not a text`);
  if (value === "") throw noData(`${what}: ${field} is empty`);
  if (!/^[\x21-\x7e]+$/.test(value))
    throw noData(`${what}: ${field} holds white space or text that is not a valid key`);
  return secret(value);
}

function noData(message: string, hint?: string): GumCredError {
  return fail("E_SOURCE_DATA", message, hint ?? "check mount, path, field and the version of the KV engine");
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
