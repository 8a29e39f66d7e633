/**
 * What a Gumloop server says about a failure, in any of its shapes: `{"error":{"code","message","type",…}}`
 * (docs.gumloop.com/api-reference), a flat `{"error":"code","message":"…"}`, RFC 6749 §5.2's `{"error":"code",
 * "error_description":"…"}`, FastAPI's `{"detail":"…"}` or `{"detail":[{"msg":"…"}]}`, and RFC 9457's `title` and
 * `detail`. The text is foreign: it is scrubbed of what was sent and of what the answer delivers, and cleaned. Pure.
 */
import { isJsonObject, type JsonObject } from "./json.ts";
import { scrub } from "./scrub.ts";
import { type Secret, secret } from "./secret.ts";

export interface ServerWords {
  /** Machine-readable names: RFC 6749's `error`, or code and type of Gumloop's envelope. */
  readonly codes: readonly string[];
  /** For people; empty when the server said nothing. */
  readonly text: string;
}

/** Reads an error body. `sent` are the secrets of the request: a server may echo them. */
export function serverWords(json: JsonObject | null, sent: readonly Secret[]): ServerWords {
  if (json === null) return { codes: [], text: "" };
  const error = json["error"];
  const [codes, texts] = isJsonObject(error)
    ? [
        [error["code"], error["type"]],
        [error["message"], json["message"], error["code"]],
      ]
    : [
        [error],
        [json["message"], json["error_description"], ...detailTexts(json["detail"]), json["title"], error],
      ];
  const text = texts.find((candidate) => typeof candidate === "string" && candidate.trim() !== "");
  return {
    codes: codes.filter((code) => typeof code === "string"),
    text: typeof text === "string" ? scrub(text, [...sent, ...secretsIn(json)]) : "",
  };
}

/** FastAPI's: a text, an object of the application's own, or what is wrong with each field. */
function detailTexts(detail: unknown): readonly unknown[] {
  const first: unknown = Array.isArray(detail) ? detail[0] : detail;
  return isJsonObject(first) ? [first["message"], first["msg"], first["error"]] : [first];
}

const PLAN = /\b(?:plans?|tier|subscri\w+|upgrade|pro)\b|requires_pro|tier_required/i;

/** Whether the server refuses because of what the account pays for, and not of who asks. */
export function isAboutPlan({ codes, text }: ServerWords): boolean {
  return [...codes, text].some((word) => PLAN.test(word));
}

/** What to do about a status that is the same for every request and credential; null for any other. */
export function statusAdvice(status: number): string | null {
  switch (status) {
    case 402:
      return "the account has no credits left, or its plan does not pay for this: see https://www.gumloop.com/settings/billing";
    case 426:
      return "the server asks for a newer client: install the newest gum-cred";
    case 451:
      return "the service is not offered to this account, or where this machine is: ask Gumloop's support";
    default:
      return null;
  }
}

/** `: what the server said`; empty when it said nothing. */
export function quoted({ text }: Pick<ServerWords, "text">): string {
  return text === "" ? "" : `: ${text}`;
}

/** Members of an answer that hold what no message may quote: `access_token`, `client_token`, `api_key`, … */
const SECRET_NAME = /(?:token|secret|password|key|credential|assertion|accessor|jwt)$/i;

/** Every text in an answer under a name that secrets have, at any depth. */
export function secretsIn(answer: unknown): readonly Secret[] {
  return leaves(answer, (name) => SECRET_NAME.test(name));
}

/** What is shorter is no secret, and would be found in every sentence. */
const SHORTEST = 4;

/** Every text and number of a JSON value whose member's name `counts`, those in arrays under the array's own name. */
export function leaves(value: unknown, counts: (name: string) => boolean): readonly Secret[] {
  const found = new Set<string>();
  // Not by recursion: a body of half a million brackets must not fill the stack.
  const open: (readonly [name: string, value: unknown])[] = [["", value]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [name, one] = next;
    if (Array.isArray(one)) for (const element of one) open.push([name, element]);
    else if (isJsonObject(one)) for (const member of Object.entries(one)) open.push(member);
    else if (typeof one === "string" || typeof one === "number") {
      if (counts(name) && `${one}`.length >= SHORTEST) found.add(`${one}`);
    }
  }
  return [...found].map(secret);
}
