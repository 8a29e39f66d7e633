/** How old a key is that was kept from a policy's source, and until when it is used: for people and for programs. */
import type { Credential } from "../core/credential.ts";

/** What `--json` says beside a key; nothing for one that was not kept. */
export function keptFields(credential: Credential | null, now: number) {
  if (!credential) return {};
  const { kept, expiresAt, source } = credential;
  return {
    ...(kept ? { kept: { age_s: ageIn(kept.at, now), until: kept.until, stale: kept.stale } } : {}),
    ...(source === "federation" ? { expires_at: expiresAt } : {}),
  };
}

/** `location`, with the age of what was kept from there. */
export function keptText(location: string, credential: Credential | null, now: number): string {
  if (!credential) return location;
  const { kept, expiresAt } = credential;
  const end = expiresAt === null ? "" : `, expires ${expiresAt}`;
  if (!kept) return `${location}${end}`;
  const use = kept.stale ? "stands in" : "used";
  return `${location}, kept ${ageIn(kept.at, now)} s ago, ${use} until ${kept.until}${end}`;
}

function ageIn(at: string, now: number): number {
  return Math.max(0, Math.round((now - Date.parse(at)) / 1000));
}
