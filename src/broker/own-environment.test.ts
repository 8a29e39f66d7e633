import { expect, test } from "bun:test";
import { isHarmless } from "./own-environment.ts";

test.each([
  ["XDG_RUNTIME_DIR", true],
  ["LC_ALL", true],
  ["XDG_ACME_TOKEN", false],
  ["LC_API_KEY", false],
  ["VAULT_TOKEN", false],
  ["ACTIONS_ID_TOKEN_REQUEST_URL", false],
])("%s stays in the broker's own environment: %p", (name, wanted) => expect(isHarmless(name)).toBe(wanted));
