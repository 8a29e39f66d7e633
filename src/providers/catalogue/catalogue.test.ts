/**
 * The manifests that are shipped: each passes what any manifest must, stands in the list, and reads its vendor's
 * answers. One row a vendor: a key of the usual look, and what a wrong key really gets. The good answer is its 200.
 */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { testManifest } from "../../../test/support/plugin-table.ts";
import { claimsOf } from "../installed/claims.ts";
import { validateManifest } from "../installed/manifest.ts";
import { providerFromManifest } from "../installed/manifest-provider.ts";
import { PROVIDERS } from "../registry.ts";
import { CATALOGUE, catalogueManifest } from "./catalogue.ts";

const never = () => Promise.reject(new Error("no manifest of the catalogue runs a program"));

/** The status of a wrong key, its body, and those of a key that is good for less, where the vendor says so. */
type Row = readonly [
  status: number,
  body: unknown,
  ...more: (readonly [number, "restricted" | "no_quota"])[],
];

const ANSWERS: Readonly<Record<string, Row>> = {
  assemblyai: [401, { error: "Authentication error, API token missing/invalid" }],
  baseten: [403, { detail: "Invalid API key" }],
  cartesia: [401, { title: "Unauthorized" }, [402, "no_quota"]],
  cerebras: [401, { message: "Wrong API Key", code: "wrong_api_key" }, [402, "no_quota"]],
  deepgram: [401, { err_code: "INVALID_AUTH", err_msg: "Invalid credentials." }, [403, "restricted"]],
  deepinfra: [401, { detail: "Unauthorized" }, [403, "restricted"]],
  elevenlabs: [401, { detail: { status: "invalid_api_key", message: "Invalid API key" } }],
  firecrawl: [401, { success: false, error: "Unauthorized: Invalid token" }, [402, "no_quota"]],
  huggingface: [401, { error: "Invalid credentials in Authorization header" }, [403, "restricted"]],
  hyperbolic: [401, { detail: "Unauthorized" }],
  langsmith: [403, { error: "Forbidden" }],
  luma: [403, { detail: "Not authenticated" }],
  moonshot: [401, { error: { message: "Invalid Authentication", type: "invalid_authentication_error" } }],
  nebius: [401, { detail: "Couldn't authenticate with the provided credentials." }, [403, "restricted"]],
  pinecone: [401, "Invalid API Key", [403, "restricted"], [402, "no_quota"]],
  replicate: [401, { title: "Unauthenticated", detail: "You did not pass a valid authentication token" }],
  runway: [401, { error: "The API key you provided is invalid." }],
  siliconflow: [401, "Invalid token", [403, "restricted"]],
  speechmatics: [401, { code: 401, error: "Permission Denied" }, [403, "restricted"]],
  stability: [401, { name: "unauthorized", message: "Incorrect API key provided" }, [403, "restricted"]],
  tavily: [401, { detail: { error: "Unauthorized: missing or invalid API key." } }],
  venice: [401, { error: "Authentication failed" }, [403, "restricted"]],
  "vercel-ai-gateway": [401, { error: { message: "Unauthenticated" } }, [403, "restricted"]],
  writer: [401, { tpe: "Unauthorized", errors: [] }, [403, "restricted"]],
};

test("every file of the folder is listed, in order, and every entry has its row", () => {
  const files = readdirSync(import.meta.dir).filter((name) => name.endsWith(".json"));
  const ids = CATALOGUE.map(({ id }) => id);
  expect(ids).toEqual(files.map((name) => name.slice(0, -".json".length)).sort());
  expect(Object.keys(ANSWERS)).toEqual(ids);
});

test("all of them can be installed beside one another and the built-in providers", () => {
  const claims = claimsOf(PROVIDERS);
  for (const { id } of CATALOGUE) {
    const { manifest, problems } = validateManifest(catalogueManifest(id) ?? new Uint8Array(), claims);
    expect([id, problems]).toEqual([id, []]);
    if (manifest) claims.add(providerFromManifest(manifest, never));
  }
});

test("a name is found whatever its case, and nothing else is", () => {
  expect(catalogueManifest("DeepGram")).toEqual(catalogueManifest("deepgram"));
  for (const name of ["", "..", "openai", "deepgram.json", "__proto__"]) {
    expect(catalogueManifest(name)).toBeNull();
  }
});

describe.each(CATALOGUE.map(({ id }) => id))("%s", (id) => {
  const bytes = catalogueManifest(id) ?? new Uint8Array();
  test("the installed bytes are the file's", () => {
    const file = readFileSync(`${import.meta.dir}/${id}.json`);
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(JSON.parse(file.toString()));
  });
  const { manifest } = validateManifest(bytes, claimsOf(PROVIDERS));
  if (!manifest) return;
  const [status, body, ...more] = ANSWERS[id] ?? [401, ""];
  testManifest(providerFromManifest(manifest, never), "zqEXAMPLE9876543210fedcbaZYXWV", [
    ["a good key", 200, { ok: true }, "valid"],
    ["a wrong key", status, body, "rejected"],
    ...more.map(([code, verdict]) => [`a key that is ${verdict}`, code, {}, verdict] as const),
  ]);
});
