/**
 * How `env` was run, where that was not without a choice: parts of the marker, after the variables' names, so that a hook
 * renews a shell's credential and never exchanges it for another account's. Pure.
 */
import { MARKER, type RawEnvironment } from "./environment.ts";

export interface Choices {
  /** The profile that a flag or GUM_CRED_PROFILE named. */
  readonly profile: string | null;
  /** GUM_CRED_PROFILE at that time. */
  readonly variable: string | null;
  readonly sdk: boolean;
}

/** The parts of the marker; none for a run without a choice. */
export function choiceParts({ profile, variable, sdk }: Choices): readonly string[] {
  const parts: string[] = [];
  if (profile !== null) parts.push(`profile:${profile}${variable === null ? "" : `:${variable}`}`);
  if (sdk) parts.push("sdk:");
  return parts;
}

const NONE: Choices = { profile: null, variable: null, sdk: false };

/** What the marker says of the runs before this one. */
export function earlierChoices(raw: RawEnvironment): Choices {
  const marker = raw[MARKER];
  if (!marker) return NONE;
  const parts = marker.split(",");
  const named = parts.find((part) => part.startsWith("profile:"))?.split(":");
  return {
    profile: named?.[1] || null,
    variable: named?.[2] || null,
    sdk: parts.includes("sdk:"),
  };
}

/** The profile to renew; null where none was chosen, or GUM_CRED_PROFILE has been set to another since. */
export function profileToRenew(raw: RawEnvironment): string | null {
  const { profile, variable } = earlierChoices(raw);
  const now = raw["GUM_CRED_PROFILE"] || null;
  return now !== null && now !== variable && now !== profile ? null : profile;
}
