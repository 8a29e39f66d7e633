/**
 * Who exists at the stand-in: teams, their members, and API keys. Decides nothing about requests (see `api.ts`).
 */
import { randomApiKey } from "./random.ts";

/** The account that OAuth signs in as, and the default owner of API keys. 28 letters and digits, not a secret. */
export const USER_ID = "StandInUser00000000000000001";

export interface Team {
  readonly id: string;
  readonly name: string;
  /** User ids. */
  readonly members: readonly string[];
}

/** The team everybody starts with (the example of docs.gumloop.com's `GET /teams`). */
export const DEFAULT_TEAMS: readonly Team[] = [
  { id: "team_4f8c92ab", name: "Acme Sales", members: [USER_ID] },
];

/** A personal key acts as its owner only, a team key as any member (docs.gumloop.com/api-reference/authentication). */
export type ApiKey = { readonly key: string; readonly userId: string } & (
  | { readonly kind: "personal" }
  | { readonly kind: "team"; readonly teamId: string }
);

export interface NewApiKey {
  /** Random when absent. */
  readonly key?: string;
  /** {@link USER_ID} when absent. For a team key: somebody of the team. */
  readonly userId?: string;
  /** Personal when absent. */
  readonly kind?: "personal" | "team";
  /** For team keys; the first team when absent. */
  readonly teamId?: string;
}

export interface Accounts {
  readonly teams: readonly Team[];
  /** Adds a key. A personal key replaces its owner's older one: an account has one key, and a new one kills it. */
  addApiKey(wanted?: NewApiKey): ApiKey;
  findApiKey(key: string): ApiKey | null;
  isMember(teamId: string, userId: string): boolean;
  revokeApiKeys(): void;
  readonly apiKeyCount: number;
}

export function createAccounts(teams: readonly Team[] = DEFAULT_TEAMS): Accounts {
  const keys = new Map<string, ApiKey>();
  const isMember = (teamId: string, userId: string): boolean =>
    teams.some((team) => team.id === teamId && team.members.includes(userId));

  return {
    teams,
    addApiKey({
      key = randomApiKey(),
      userId = USER_ID,
      kind = "personal",
      teamId = teams[0]?.id ?? "",
    } = {}) {
      if (kind === "team" && !isMember(teamId, userId)) {
        throw new Error(`stand-in: ${userId} is not a member of ${teamId}; name them in options.teams`);
      }
      const added: ApiKey = kind === "team" ? { key, userId, kind, teamId } : { key, userId, kind };
      for (const older of keys.values()) {
        if (kind === "personal" && older.kind === kind && older.userId === userId) keys.delete(older.key);
      }
      keys.set(key, added);
      return added;
    },
    findApiKey: (key) => keys.get(key) ?? null,
    isMember,
    revokeApiKeys: () => keys.clear(),
    get apiKeyCount() {
      return keys.size;
    },
  };
}
