/**
 * Writes docs/plugin-manifest.schema.json from the schema that manifests are read with, so that the two cannot
 * differ (a test compares them). `bun scripts/manifest-schema.ts`
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import * as z from "zod/mini";
import { manifestSchema } from "../src/providers/manifest.ts";

const FILE = resolve(import.meta.dir, "../docs/plugin-manifest.schema.json");

/** The JSON Schema of a manifest. */
export function manifestJsonSchema() {
  const { $schema, ...shape } = z.toJSONSchema(manifestSchema);
  return {
    $schema,
    title: "gum-cred provider manifest",
    description: "A provider plugin of gum-cred. docs/plugins.md has the rules that no schema can say.",
    ...shape,
    oneOf: [{ required: ["verify"] }, { required: ["command"] }],
  };
}

if (import.meta.main) {
  writeFileSync(FILE, JSON.stringify(manifestJsonSchema()));
  const biome = resolve(import.meta.dir, "../node_modules/.bin/biome");
  process.exit(Bun.spawnSync([biome, "format", "--write", FILE], { stderr: "inherit" }).exitCode);
}
