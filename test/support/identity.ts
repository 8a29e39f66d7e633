/**
 * Who says what a workload is: an issuer of signed identity tokens (RFC 7519, ES256), and the checks that whoever takes
 * one must make. Its keys are made anew for each issuer.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from "node:crypto";

export interface Issuer {
  readonly name: string;
  /** PEM. */
  readonly publicKey: string;
  /** A token with these claims over the usual ones: it lives for five minutes. */
  mint(claims?: Readonly<Record<string, unknown>>): string;
}

export function makeIssuer(name = "https://issuer.example"): Issuer {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    name,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    mint: (claims = {}) => signed(privateKey, { ...usual(name), ...claims }),
  };
}

function usual(issuer: string) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: "repo:acme/llm",
    aud: "acme-llm",
    iat: now,
    exp: now + 300,
    jti: randomUUID(),
  };
}

function signed(key: KeyObject, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** Why a token is refused; null when it is good. `seen` remembers the tokens that were taken. */
export function refusal(token: unknown, issuer: Issuer, audience: string, seen: Set<string>): string | null {
  if (typeof token !== "string") return "no token";
  const [header = "", body = "", signature = ""] = token.split(".");
  const key = { key: createPublicKey(issuer.publicKey), dsaEncoding: "ieee-p1363" } as const;
  const text = Buffer.from(`${header}.${body}`);
  if (!verify("sha256", text, key, Buffer.from(signature, "base64url"))) return "bad signature";
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  const now = Date.now() / 1000;
  if (claims["iss"] !== issuer.name) return "unknown issuer";
  if (![claims["aud"]].flat().includes(audience)) return "wrong audience";
  if (typeof claims["exp"] !== "number" || claims["exp"] <= now) return "expired";
  if (typeof claims["nbf"] === "number" && claims["nbf"] > now) return "not yet valid";
  if (typeof claims["jti"] !== "string" || seen.has(claims["jti"])) return "replayed";
  seen.add(claims["jti"]);
  return null;
}
