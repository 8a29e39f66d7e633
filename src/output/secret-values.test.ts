/** What is masked: keys and tokens, and none of the settings that stand beside them. */
import { expect, test } from "bun:test";
import { secret } from "../core/secret.ts";
import { VENDORS } from "../providers/registry.ts";
import { secretValues } from "./secret-values.ts";

test("every vendor's key is a secret, and no setting of its key is", () => {
  for (const { id, exported, companions = [] } of VENDORS) {
    const set = new Map([[exported, secret("EXAMPLE-key")]]);
    for (const { variables } of companions) for (const name of variables) set.set(name, secret("plain"));
    expect([id, secretValues({ set })]).toEqual([id, [set.get(exported) ?? secret("")]]);
  }
});
