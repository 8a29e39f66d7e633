/** What a policy says of a key in Vault or OpenBao (contract: docs/policy.md). Types, and where requests go. Pure. */
import { parseBaseUrl } from "../../../core/base-url.ts";
import type { TokenSupplier } from "../federation/settings.ts";

export interface VaultSource {
  /** https, http to a literal loopback address, or `unix:/path`. The agent's address with `agent`. */
  readonly address: string;
  /** Where the KV engine is mounted; may hold slashes. */
  readonly mount: string;
  readonly path: string;
  readonly field: string;
  /** Version of the KV engine. */
  readonly version: 1 | 2;
  readonly namespace: string | null;
  /** A PEM file of the authorities that are trusted in place of the system's; null for the system's. */
  readonly caFile: string | null;
  readonly auth: VaultAuth;
}

export type VaultAuth =
  | { readonly kind: "token_file"; readonly path: string | null }
  | { readonly kind: "token_env"; readonly variable: string }
  | {
      readonly kind: "approle";
      readonly roleId: string;
      /** Null for a role that is bound to no secret id. */
      readonly secretIdFile: string | null;
      readonly mount: string;
    }
  | { readonly kind: "jwt"; readonly role: string; readonly mount: string; readonly token: TokenSupplier }
  | {
      readonly kind: "kubernetes";
      readonly role: string;
      readonly mount: string;
      /** The pod's token, or a projected one with an audience of its own. */
      readonly path: string;
    }
  | { readonly kind: "agent" };

/** Where requests go: a base URL without its final slash, and the Unix socket that they take. */
export interface VaultPlace {
  readonly base: string;
  readonly socket: string | undefined;
}

/**
 * The place that an address names. Throws E_INVALID_VALUE and E_BASE_URL_REFUSED for anything but https, http to a
 * literal loopback address, and the absolute path of a Unix socket (`unix:/path`, `unix:///path`).
 */
export function vaultPlace(address: string): VaultPlace {
  const socket = /^unix:(?:\/\/(?=\/))?(\/[^\0]+)$/.exec(address)?.[1];
  return socket === undefined
    ? { base: parseBaseUrl(address).href, socket }
    : { base: "http://localhost", socket };
}

/** Whether an agent may listen there: a Unix socket, or http on this machine. */
export function isAgentAddress(address: string): boolean {
  try {
    const { base, socket } = vaultPlace(address);
    return socket !== undefined || base.startsWith("http://");
  } catch {
    return false;
  }
}

/** A Vault path as it stands in a URL: each segment encoded, outer slashes dropped as the `vault` program does. */
export function encodePath(path: string): string {
  return segments(path).map(encodeURIComponent).join("/");
}

/** Whether a path names one place: no empty segment, and no `.` or `..`, which a URL would resolve. */
export function isVaultPath(path: string): boolean {
  return segments(path).every(
    (segment) =>
      segment !== "" && segment !== "." && segment !== ".." && !/[\u0000-\u001f\u007f]/.test(segment),
  );
}

function segments(path: string): string[] {
  return path.replace(/^\/|\/$/g, "").split("/");
}

/** Where the key is, as people see it. */
export function vaultLocation(source: VaultSource): string {
  const namespace = source.namespace === null ? "" : `${source.namespace.replace(/\/$/, "")}/`;
  return `${source.address}: ${namespace}${source.mount}/${source.path}#${source.field}`;
}
