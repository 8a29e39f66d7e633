/** Plays scenes as tests, all in one world. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { follow, type Scene } from "./hint-follow.ts";
import { CAN_MOUNT } from "./namespaces.ts";
import { startVendors, type Vendors } from "./vendors.ts";
import { useWorld } from "./world.ts";

const CAN = { mounts: CAN_MOUNT, root: process.geteuid?.() === 0 };

export function play(subjects: Readonly<Record<string, readonly Scene[]>>): void {
  const world = useWorld({ consent: "approve" });
  let vendors: Vendors;
  beforeAll(() => {
    vendors = startVendors();
  });
  afterAll(() => vendors.stop());

  for (const [subject, scenes] of Object.entries(subjects)) {
    describe(subject, () => {
      for (const scene of scenes) {
        test.skipIf(scene.needs !== undefined && !CAN[scene.needs])(
          `${scene.code ?? "advice"}: ${scene.name}`,
          () => follow(scene, world, vendors),
          60_000,
        );
      }
    });
  }
}
