/**
 * What the six LLM vendors answer to the request that verifies a key, by the state of the key, with their real
 * bodies (sources: plugins/<id>/index.ts). Data for vendors.ts.
 */

export type VendorId = "openai" | "anthropic" | "google" | "xai" | "deepseek" | "fireworks";

/** What becomes of a key. A vendor that has no such state throws when one is asked for. */
export type KeyState = "valid" | "restricted" | "no_quota" | "blocked" | "expired";

/** A status, and a body made for the key that was sent: some vendors echo it. */
export type VendorAnswer = readonly [status: number, body: (key: string) => unknown];

export interface Vendor {
  /** What its base-URL variable holds, below the server's origin. */
  readonly base: string;
  readonly variable: string | null;
  /** What is asked, below the base. */
  readonly path: string;
  readonly keyPrefix: string;
  readonly header: "authorization" | "x-api-key" | "x-goog-api-key";
  readonly answers: Partial<Record<KeyState, VendorAnswer>> & { readonly valid: VendorAnswer };
  /** For a key it does not know, and for none. */
  readonly unknown: VendorAnswer;
}

const openaiError = (message: string, code: string | null, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
export const anthropicError = (type: string, message: string) => ({
  type: "error",
  error: { type, message },
  request_id: "req_1",
});
const googleError = (code: number, status: string, reason: string, message: string) => ({
  error: {
    code,
    message,
    status,
    details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" }],
  },
});
const xaiKey = (blocked: boolean) => ({
  redacted_api_key: "xai-...b14o",
  name: "My API Key",
  acls: ["api-key:model:*", "api-key:endpoint:*"],
  api_key_id: "ae1e1841-4326-4b36-a8a9-8a1a7237db11",
  team_blocked: false,
  api_key_blocked: blocked,
  api_key_disabled: false,
});
const balance = (is_available: boolean, total_balance: string) => ({
  is_available,
  balance_infos: [
    { currency: "USD", total_balance, granted_balance: "0.00", topped_up_balance: total_balance },
  ],
});

export const VENDORS: Readonly<Record<VendorId, Vendor>> = {
  openai: {
    base: "/openai/v1",
    variable: "OPENAI_BASE_URL",
    path: "/models",
    keyPrefix: "sk-proj-",
    header: "authorization",
    answers: {
      valid: [200, () => ({ object: "list", data: [{ id: "gpt-5", object: "model", owned_by: "openai" }] })],
      restricted: [
        403,
        () =>
          openaiError(
            "You have insufficient permissions for this operation. Missing scopes: api.model.read.",
            null,
          ),
      ],
      no_quota: [
        429,
        () =>
          openaiError(
            "You exceeded your current quota, please check your plan.",
            "insufficient_quota",
            "insufficient_quota",
          ),
      ],
    },
    unknown: [
      401,
      (key) =>
        openaiError(`Incorrect API key provided: ${key}. You can find your API key at …`, "invalid_api_key"),
    ],
  },
  anthropic: {
    base: "/anthropic",
    variable: "ANTHROPIC_BASE_URL",
    path: "/v1/models",
    keyPrefix: "sk-ant-api03-",
    header: "x-api-key",
    answers: {
      valid: [200, () => ({ data: [{ type: "model", id: "claude-sonnet-4-5" }], has_more: true })],
      restricted: [
        403,
        () =>
          anthropicError(
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
          ),
      ],
      no_quota: [
        400,
        () =>
          anthropicError(
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
          ),
      ],
    },
    unknown: [401, () => anthropicError("authentication_error", "invalid x-api-key")],
  },
  google: {
    base: "/google",
    variable: "GOOGLE_GEMINI_BASE_URL",
    path: "/v1beta/models",
    keyPrefix: "AQ.",
    header: "x-goog-api-key",
    answers: {
      valid: [200, () => ({ models: [{ name: "models/gemini-2.5-pro" }], nextPageToken: "next" })],
      restricted: [
        403,
        () =>
          googleError(
            403,
            "PERMISSION_DENIED",
            "API_KEY_SERVICE_BLOCKED",
            "Requests to this API are blocked.",
          ),
      ],
      blocked: [
        403,
        (key) =>
          googleError(
            403,
            "PERMISSION_DENIED",
            "CONSUMER_SUSPENDED",
            `Permission denied: Consumer 'api_key:${key}' has been suspended.`,
          ),
      ],
      expired: [
        400,
        () =>
          googleError(
            400,
            "INVALID_ARGUMENT",
            "API_KEY_INVALID",
            "API key expired. Please renew the API key.",
          ),
      ],
    },
    unknown: [
      400,
      () =>
        googleError(
          400,
          "INVALID_ARGUMENT",
          "API_KEY_INVALID",
          "API key not valid. Please pass a valid API key.",
        ),
    ],
  },
  xai: {
    base: "/xai/v1",
    variable: null,
    path: "/api-key",
    keyPrefix: "xai-",
    header: "authorization",
    answers: {
      valid: [200, () => xaiKey(false)],
      blocked: [200, () => xaiKey(true)],
      no_quota: [
        403,
        () => ({
          code: "The caller does not have permission to execute the specified operation",
          error: "Your newly created team doesn't have any credits or licenses yet.",
        }),
      ],
    },
    unknown: [
      400,
      (key) => ({
        code: "invalid-argument",
        error: `Incorrect API key provided: ${key.slice(0, 2)}***${key.slice(-2)}. You can obtain an API key from https://console.x.ai.`,
      }),
    ],
  },
  deepseek: {
    base: "/deepseek",
    variable: null,
    path: "/user/balance",
    keyPrefix: "sk-",
    header: "authorization",
    answers: {
      valid: [200, () => balance(true, "110.00")],
      no_quota: [200, () => balance(false, "0.00")],
    },
    unknown: [
      401,
      (key) =>
        openaiError(
          `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`,
          "invalid_request_error",
          "authentication_error",
        ),
    ],
  },
  fireworks: {
    base: "/fireworks",
    variable: "FIREWORKS_BASE_URL",
    path: "/v1/accounts/fireworks/models",
    keyPrefix: "fw_",
    header: "authorization",
    answers: {
      valid: [
        200,
        () => ({ models: [{ name: "accounts/fireworks/models/kimi-k2" }], nextPageToken: "next" }),
      ],
      restricted: [
        403,
        () => ({
          error: { code: "FORBIDDEN", message: "Fire Pass API keys are not authorized for this route." },
        }),
      ],
      no_quota: [402, () => ({ error: { code: "PAYMENT_REQUIRED", message: "Payment Required" } })],
      blocked: [412, () => ({ error: { code: "PRECONDITION_FAILED", message: "Account is suspended" } })],
    },
    unknown: [
      401,
      () => ({ error: { code: "UNAUTHORIZED", message: "The API key you provided is invalid." } }),
    ],
  },
};

export const VENDOR_IDS = Object.keys(VENDORS).filter((id): id is VendorId => id in VENDORS);

/** The states a vendor's key can be in. */
export function keyStates(vendor: VendorId): readonly KeyState[] {
  const states: readonly KeyState[] = ["valid", "restricted", "no_quota", "blocked", "expired"];
  return states.filter((state) => VENDORS[vendor].answers[state] !== undefined);
}
