/** What readers of a CycloneDX 1.6 bill of materials rely on: https://cyclonedx.org/docs/1.6/json/. */
import { z } from "zod";

const purl = z.string().regex(/^pkg:(npm|generic)\/(%40[\w-]+\/)?[\w.-]+@[\w.-]+$/);
const licenses = z.array(z.strictObject({ license: z.strictObject({ id: z.string() }) })).length(1);
const component = z.strictObject({
  type: z.enum(["application", "library", "platform"]),
  "bom-ref": z.string(),
  group: z.string().optional(),
  name: z.string(),
  version: z.string(),
  purl,
  licenses,
  hashes: z
    .array(z.strictObject({ alg: z.literal("SHA-512"), content: z.string().regex(/^[0-9a-f]{128}$/) }))
    .optional(),
  get components() {
    return z.array(component).optional();
  },
});
const bom = z.strictObject({
  $schema: z.literal("http://cyclonedx.org/schema/bom-1.6.schema.json"),
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.literal("1.6"),
  version: z.literal(1),
  metadata: z.strictObject({ timestamp: z.iso.datetime(), component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

/** Throws with all that is wrong. Every library has its digest, every reference leads to a component, once. */
export function checkBillOfMaterials(value: unknown): z.infer<typeof bom> {
  const checked = bom.parse(value);
  const every = [checked.metadata.component, ...checked.components].flatMap((one) => [
    one,
    ...(one.components ?? []),
  ]);
  const refs = new Set(every.map((one) => one["bom-ref"]));
  if (refs.size !== every.length) throw new Error("a bom-ref is there twice");
  for (const one of every) {
    if (one.type === "library" && !one.hashes) throw new Error(`${one.name} has no digest`);
  }
  for (const { ref, dependsOn } of checked.dependencies) {
    const lost = [ref, ...dependsOn].filter((name) => !refs.has(name));
    if (lost.length > 0) throw new Error(`nothing is called ${lost}`);
  }
  return checked;
}
