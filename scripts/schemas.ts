/**
 * Writes the JSON Schemas in docs/ from the schemas that files are read with, so that the two cannot differ
 * (tests compare them). `bun scripts/schemas.ts`
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { MANIFEST_SCHEMA } from "../src/providers/installed/manifest-shape.ts";
import { policySchema } from "../src/resolve/policy-schema.ts";

/** The JSON Schema of a plugin manifest. */
export function manifestJsonSchema() {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "gum-cred provider manifest",
    description: "A provider plugin of gum-cred. docs/plugins.md has the rules that no schema can say.",
    ...MANIFEST_SCHEMA,
    oneOf: [{ required: ["verify"] }, { required: ["command"] }],
  };
}

/** The JSON Schema of an organisation's policy. */
export function policyJsonSchema() {
  const { $schema, ...shape } = z.toJSONSchema(policySchema);
  return {
    $schema,
    title: "gum-cred policy",
    description: "An organisation's rules for LLM keys. docs/policy.md says what they mean.",
    ...shape,
  };
}

if (import.meta.main) {
  const root = resolve(import.meta.dir, "..");
  const files = {
    [`${root}/docs/plugin-manifest.schema.json`]: manifestJsonSchema(),
    [`${root}/docs/policy.schema.json`]: policyJsonSchema(),
  };
  for (const [file, schema] of Object.entries(files)) writeFileSync(file, JSON.stringify(schema));
  const biome = `${root}/node_modules/.bin/biome`;
  const formatted = Bun.spawnSync([biome, "format", "--write", ...Object.keys(files)], { stderr: "inherit" });
  process.exit(formatted.exitCode);
}
