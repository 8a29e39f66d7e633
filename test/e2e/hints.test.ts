/** A person follows every hint to the letter, in the state in which it was given, and is better off. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { follow } from "../support/hint-follow.ts";
import { SCENES } from "../support/hint-scenes.ts";
import { CAN_MOUNT } from "../support/namespaces.ts";
import { startVendors, type Vendors } from "../support/vendors.ts";
import { useWorld } from "../support/world.ts";

const world = useWorld({ consent: "approve" });
let vendors: Vendors;
beforeAll(() => {
  vendors = startVendors();
});
afterAll(() => vendors.stop());

for (const [subject, scenes] of Object.entries(SCENES)) {
  describe(subject, () => {
    for (const scene of scenes) {
      test.skipIf(scene.mounts === true && !CAN_MOUNT)(
        `${scene.code ?? "advice"}: ${scene.name}`,
        () => follow(scene, world, vendors),
        30_000,
      );
    }
  });
}
