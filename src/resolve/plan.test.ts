/** Where credentials are looked for, every order written out. */
import { expect, test } from "bun:test";
import { gumloop } from "../../plugins/gumloop/index.ts";
import { type LevelScope, plan } from "./plan.ts";

const SCOPE: LevelScope = {
  level: null,
  prefix: "",
  service: "gumloop-cli",
  account: (field) => `default:${field}`,
};
const CANDIDATES = plan(gumloop, [SCOPE]);

test("the order in which Gumloop's credential is looked for", () => {
  expect(CANDIDATES.map((candidate) => candidate.location)).toEqual([
    "GUMLOOP_ACCESS_TOKEN",
    "GUMLOOP_ACCESS_TOKEN_FILE",
    "GUMLOOP_API_KEY",
    "GUMLOOP_API_KEY_FILE",
    "gumloop-cli/default:access_token",
    "gumloop-cli/default:api_key",
  ]);
});

test("levels come first, sources second, and the prefix names the level's variables", () => {
  const scope = (level: LevelScope["level"], prefix: string): LevelScope => ({ ...SCOPE, level, prefix });
  const google = {
    id: "google",
    methods: [
      { method: "api_key", variables: ["GOOGLE_API_KEY", "GEMINI_API_KEY"], field: "google", companions: [] },
    ],
  } as const;
  const candidates = plan(google, [scope("organization", "GUM_CRED_ORG_"), scope("personal", "")]);
  expect(candidates.map((candidate) => `${candidate.level} ${candidate.location}`)).toEqual([
    "organization GUM_CRED_ORG_GOOGLE_API_KEY",
    "organization GUM_CRED_ORG_GEMINI_API_KEY",
    "organization GUM_CRED_ORG_GOOGLE_API_KEY_FILE",
    "organization GUM_CRED_ORG_GEMINI_API_KEY_FILE",
    "organization gumloop-cli/default:google",
    "personal GOOGLE_API_KEY",
    "personal GEMINI_API_KEY",
    "personal GOOGLE_API_KEY_FILE",
    "personal GEMINI_API_KEY_FILE",
    "personal gumloop-cli/default:google",
  ]);
});
