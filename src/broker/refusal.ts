/**
 * Answers in each vendor's own shape, at statuses at which its clients stop instead of trying again: 400, and for
 * Anthropic 403 with `x-should-retry: false`. 401 makes some of them retry, but says what is wrong. What is no refusal
 * (upstream or a source that is down) is the vendor's own failure of a server, and trying again is the client's business.
 */
import type { Refusal } from "./route.ts";
import type { ErrorShape } from "./traits.ts";

/** The response for a refusal on a route of this shape; `openai` where no route is known. */
export function refusalResponse(refusal: Refusal, shape: ErrorShape): Response {
  const status = statusOf(refusal, shape);
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  // Anthropic's and OpenAI's SDKs obey this header before they look at the status.
  if (refusal.kind !== "unavailable") headers.set("x-should-retry", "false");
  if (refusal.kind === "unauthorized") headers.set("www-authenticate", 'Bearer realm="gum-cred broker"');
  if (refusal.kind === "upgrade") headers.set("connection", "close");
  return new Response(JSON.stringify(bodyOf(refusal, shape, status)), { status, headers });
}

function statusOf({ kind }: Refusal, shape: ErrorShape): number {
  switch (kind) {
    case "unauthorized":
      return 401;
    case "upgrade":
      return 426;
    case "unavailable":
      return 502;
    case "refused":
      return shape === "anthropic" ? 403 : 400;
  }
}

function bodyOf(refusal: Refusal, shape: ErrorShape, status: number): object {
  const message = `gum-cred: ${refusal.message}`;
  const { kind } = refusal;
  switch (shape) {
    case "anthropic":
      return { type: "error", error: { type: anthropicType(refusal), message } };
    case "google":
      return { error: { code: status, message, status: googleStatus(refusal) } };
    case "xai":
      return { code: XAI_CODES[kind], error: message };
    case "gumloop": {
      const [code, type] = GUMLOOP_CODES[kind];
      return { error: { code, message, type, param: null, details: {} } };
    }
    case "openai": {
      const [code, type] = OPENAI_CODES[kind];
      return { error: { message, type, param: null, code } };
    }
  }
}

type Kind = Refusal["kind"];

const XAI_CODES: Readonly<Record<Kind, string>> = {
  unauthorized: "unauthenticated",
  unavailable: "unavailable",
  refused: "invalid-argument",
  upgrade: "invalid-argument",
};

/** Code and type. */
const GUMLOOP_CODES: Readonly<Record<Kind, readonly [string, string]>> = {
  unauthorized: ["auth_required", "authentication_error"],
  unavailable: ["upstream_unavailable", "api_error"],
  refused: ["gum_cred_refused", "invalid_request_error"],
  upgrade: ["gum_cred_refused", "invalid_request_error"],
};

/** OpenAI's own failures have no code. */
const OPENAI_CODES: Readonly<Record<Kind, readonly [string | null, string]>> = {
  unauthorized: ["invalid_api_key", "invalid_request_error"],
  unavailable: [null, "server_error"],
  refused: ["gum_cred_refused", "invalid_request_error"],
  upgrade: ["gum_cred_refused", "invalid_request_error"],
};

function anthropicType({ kind }: Refusal): string {
  if (kind === "unauthorized") return "authentication_error";
  if (kind === "unavailable") return "api_error";
  return kind === "refused" ? "permission_error" : "invalid_request_error";
}

function googleStatus({ kind }: Refusal): string {
  if (kind === "unauthorized") return "UNAUTHENTICATED";
  return kind === "unavailable" ? "UNAVAILABLE" : "FAILED_PRECONDITION";
}
