/**
 * The shape of a provider's manifest: the JSON Schema that is checked, and published as
 * docs/plugin-manifest.schema.json (scripts/schemas.ts). What no schema can say is in manifest-rules.ts. No I/O, and
 * nothing heavy: it runs whenever an installed provider is used.
 */
import { type JsonSchema, schemaProblems } from "../../core/json-schema.ts";
import { ID_PATTERN } from "../../core/provider-id.ts";
import { VARIABLE_PATTERN } from "./variable-names.ts";

/** A manifest of the right shape. */
export interface Manifest {
  readonly $schema?: string;
  readonly manifest: 1;
  readonly id: string;
  readonly title: string;
  readonly env: readonly string[];
  readonly hosts: readonly string[];
  readonly setup_url: string;
  readonly base_url?: string;
  readonly verify?: ManifestRequest;
  readonly command?: readonly string[];
}

/** How to verify a key by a request; the lists are HTTP statuses. */
export interface ManifestRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly valid: readonly number[];
  readonly rejected: readonly number[];
  readonly restricted?: readonly number[];
  readonly no_quota?: readonly number[];
}

/** A host name in lower case, an IPv4 address or a bracketed IPv6 one; a port may follow. */
export const HOST_PATTERN =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::[1-9][0-9]{0,4})?$/;

/** What the user agrees to is shown whole, and lines that are shown are bounded. */
const LONGEST_SHOWN = 250;

const statuses = (description: string) =>
  ({
    type: "array",
    minItems: 1,
    maxItems: 32,
    items: { type: "integer", minimum: 200, maximum: 599 },
    description,
  }) as const;

const line = (description: string, maxLength: number) =>
  ({ type: "string", minLength: 1, maxLength, description }) as const;

const REQUEST = {
  type: "object",
  properties: {
    url: line("asked with GET; must not cost anything", LONGEST_SHOWN),
    headers: {
      type: "object",
      additionalProperties: { type: "string", maxLength: LONGEST_SHOWN },
      description: "{key} stands for the key; at least one header contains it",
    },
    valid: statuses("the key works"),
    rejected: statuses("the key does not work"),
    restricted: statuses("the key works for part of the API"),
    no_quota: statuses("the key works, but the account has no quota left"),
  } satisfies Record<keyof ManifestRequest, JsonSchema>,
  required: ["url", "headers", "valid", "rejected"],
  additionalProperties: false,
  description: "how to verify a key by a request",
} as const satisfies JsonSchema;

/** The shape. Unknown keys are mistakes. */
export const MANIFEST_SCHEMA = {
  type: "object",
  properties: {
    $schema: { type: "string", description: "for editors; has no meaning" },
    manifest: { type: "number", const: 1, description: "version of this format" },
    id: {
      type: "string",
      pattern: ID_PATTERN.source,
      description: "as typed on the command line, and the name of the file",
    },
    title: line("as shown to people", 80),
    env: {
      type: "array",
      minItems: 1,
      maxItems: 8,
      items: { type: "string", pattern: VARIABLE_PATTERN },
      description: "variables that carry the key, first one wins; 'env' sets the first",
    },
    hosts: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      items: { type: "string", pattern: HOST_PATTERN.source },
      description: "the only hosts the key is sent to; a port may follow",
    },
    setup_url: line("the page where a person creates a key", LONGEST_SHOWN),
    base_url: line("where the broker sends requests; without one, the origin of verify.url", LONGEST_SHOWN),
    verify: REQUEST,
    command: {
      type: "array",
      minItems: 1,
      maxItems: 32,
      items: { type: "string", minLength: 1, maxLength: LONGEST_SHOWN },
      description: "how to verify a key by a program: its absolute path, then its arguments",
    },
  } satisfies Record<keyof Manifest, JsonSchema>,
  required: ["manifest", "id", "title", "env", "hosts", "setup_url"],
  additionalProperties: false,
} as const satisfies JsonSchema;

/** The JSON in a manifest's bytes; undefined when it is not JSON in UTF-8. */
export function manifestJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether the JSON has the shape of a manifest. Its values may still be unsafe: manifest-rules.ts. */
export function isManifestShaped(json: unknown): json is Manifest {
  return schemaProblems(json, MANIFEST_SCHEMA).length === 0;
}
