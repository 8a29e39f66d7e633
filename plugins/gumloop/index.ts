/**
 * Gumloop as a provider: an OAuth access token, or an API key with its user id.
 * Sources: docs.gumloop.com/api-reference/authentication (headers, personal and team keys),
 * docs.gumloop.com/cli/authentication (variables), help page "How to Find and Generate Your Gumloop API Key".
 */

import { DEFAULT_BASE_URL } from "../../src/core/base-url.ts";
import { parseJsonObject } from "../../src/core/json.ts";
import { reveal, type Secret, secret } from "../../src/core/secret.ts";
import { isAboutPlan, quoted, serverWords, statusAdvice } from "../../src/core/server-words.ts";
import type { Answer, Assessment, Header, Provider } from "../../src/providers/contract.ts";

const HINT_401 =
  "check that the key was copied whole and without spaces, and that it was not revoked or regenerated at " +
  "https://www.gumloop.com/personal/connectors";
const HINT_401_TOKEN = "the token has expired, was revoked or is of another server";
const HINT_403_KEY =
  "most often the user id is missing, was cut off when copied, or belongs to somebody else: copy it from " +
  "https://www.gumloop.com/settings/profile/general; API keys need the Pro plan; a team key needs --team-id";
const HINT_NOT_THE_API = "check --base-url, or sign in to the network you are on";
const HINT_REQUEST = "check --team-id and --base-url";
const HINT_PLAN =
  "the account's plan does not allow it: the Gumloop API needs the Pro plan or above (https://www.gumloop.com/pricing)";
const HINT_403_TOKEN = "the Gumloop API needs the Pro plan or above; check --team-id as well";

export const gumloop: Provider = {
  id: "gumloop",
  title: "Gumloop",
  kind: "platform",
  methods: [
    { method: "oauth", variables: ["GUMLOOP_ACCESS_TOKEN"], field: "access_token", companions: [] },
    {
      method: "api_key",
      variables: ["GUMLOOP_API_KEY"],
      field: "api_key",
      companions: [{ field: "user_id", variable: "GUMLOOP_USER_ID" }],
    },
  ],
  exported: "GUMLOOP_ACCESS_TOKEN",
  hosts: ["api.gumloop.com"],
  baseUrlVariable: "GUMLOOP_BASE_URL",
  setupUrl: "https://www.gumloop.com/personal/connectors",

  apiBase: ({ baseUrl }) => baseUrl ?? DEFAULT_BASE_URL.href,

  headers(credential) {
    const authorization = header("Authorization", bearer(credential.value));
    // x-auth-key belongs to API keys alone; an OAuth token already says who is calling.
    return credential.method === "api_key" && credential.userId !== null
      ? [authorization, header("x-auth-key", secret(credential.userId))]
      : [authorization];
  },

  verification(credential, scope) {
    const query = scope.teamId === null ? "" : `?team_id=${encodeURIComponent(scope.teamId)}`;
    return {
      url: `${scope.baseUrl ?? DEFAULT_BASE_URL.href}/models${query}`,
      headers: gumloop.headers(credential),
    };
  },

  judge: (answer, credential) => {
    if (answer.status === 200) return judgeSuccess(answer);
    const words = serverWords(parseJsonObject(answer.body), [credential.value]);
    const advice = statusAdvice(answer.status);
    const refused = `Gumloop refuses the request (${answer.status})${quoted(words)}`;
    if (advice !== null) return { ...assess("rejected", refused, advice), isRequest: true };
    if (answer.status === 401) {
      const what = credential.method === "oauth" ? "access token" : "API key";
      const hint = credential.method === "oauth" ? HINT_401_TOKEN : HINT_401;
      return assess("rejected", `Gumloop does not accept this ${what} (401)${quoted(words)}`, hint);
    }
    if (answer.status === 403) {
      const hint = credential.method === "oauth" ? HINT_403_TOKEN : HINT_403_KEY;
      const message = `Gumloop knows this credential but refuses the request (403)${quoted(words)}`;
      return assess("rejected", message, isAboutPlan(words) ? HINT_PLAN : hint);
    }
    // What speaks the API's language is the API, and not the network's own page.
    if (words.text !== "" && isRefusal(answer.status)) {
      return { ...assess("rejected", refused, HINT_REQUEST), isRequest: true };
    }
    const message = `Gumloop answered with status ${answer.status}${quoted(words)}`;
    return { ...assess("unverifiable", message, HINT_NOT_THE_API), said: words.text };
  },
};

/** 408 and 429 say nothing about what was asked for. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** 200 from something that is not the API (a captive portal, a wrong base URL) proves nothing. */
function judgeSuccess(answer: Answer): Assessment {
  if (/html/i.test(answer.contentType)) {
    return assess("unreachable", "a web page answered in place of the Gumloop API", HINT_NOT_THE_API);
  }
  return isModelList(answer.body)
    ? assess("valid", "Gumloop accepts this credential", null)
    : assess("unverifiable", "the answer is not the Gumloop API's", HINT_NOT_THE_API);
}

function isModelList(body: string): boolean {
  return "model_groups" in (parseJsonObject(body) ?? {});
}

function assess(verdict: Assessment["verdict"], message: string, hint: string | null): Assessment {
  return { verdict, message, hint };
}

function header(name: string, value: Secret): Header {
  return { name, value };
}

function bearer(token: Secret): Secret {
  return secret(`Bearer ${reveal(token)}`);
}
