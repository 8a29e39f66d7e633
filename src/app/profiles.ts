/** The profiles that are stored, and which of them is this user's default. */
import type { Method } from "../core/credential.ts";
import { fail, hasCode } from "../core/errors.ts";
import { parseJsonObject } from "../core/json.ts";
import { reveal } from "../core/secret.ts";
import { chosenProfile, configFile, configFolder, DEFAULT_PROFILE_KEY } from "../gumloop/default-profile.ts";
import { openProfile, profileNames, RESOLVED_FIELDS } from "../gumloop/profile.ts";
import { profileName } from "../gumloop/stored.ts";
import type { Ports } from "../resolve/ports.ts";

export interface ProfileSummary {
  readonly profile: string;
  readonly isDefault: boolean;
  /** Null when what is stored signs nobody in. */
  readonly method: Method | null;
  readonly baseUrl: string | null;
  readonly userId: string | null;
}

export interface Profiles {
  readonly default: string;
  readonly profiles: readonly ProfileSummary[];
}

/** Every stored profile. A machine without any keychain service has none. Throws the keychain's errors. */
export async function listProfiles(ports: Ports): Promise<Profiles> {
  const chosen = chosenProfile(ports.raw, ports.warn) ?? "default";
  return { default: chosen, profiles: await summaries(chosen, ports) };
}

async function summaries(chosen: string, ports: Ports): Promise<readonly ProfileSummary[]> {
  try {
    const keychain = await ports.keychain();
    const found: ProfileSummary[] = [];
    for (const name of (await profileNames(keychain)).toSorted()) {
      const { stored } = await openProfile(keychain, name, ports.digest).read(RESOLVED_FIELDS);
      const method = stored.access_token ? "oauth" : stored.api_key ? "api_key" : null;
      found.push({
        profile: name,
        isDefault: name === chosen,
        method,
        baseUrl: stored.base_url ? reveal(stored.base_url) : null,
        // Beside a token a user id is what an earlier API key left.
        userId: method === "api_key" && stored.user_id ? reveal(stored.user_id) : null,
      });
    }
    return found;
  } catch (error) {
    if (hasCode(error, "E_KEYCHAIN_UNAVAILABLE")) return [];
    throw error;
  }
}

/**
 * Makes a stored profile, or `default`, this user's default. Throws E_INVALID_VALUE for one that is not stored,
 * E_UNSAFE_FILE where others could change the choice, E_FILE_UNREADABLE.
 */
export async function chooseProfile(name: string, ports: Ports): Promise<void> {
  profileName(name);
  const { profiles } = await listProfiles(ports);
  if (name !== "default" && !profiles.some(({ profile }) => profile === name)) {
    throw fail(
      "E_INVALID_VALUE",
      `there is no stored profile '${name}'`,
      `run 'gum-cred profiles' to see them, or 'gum-cred login --profile ${name}'`,
    );
  }
  const [folder, file] = [configFolder(ports.raw), configFile(ports.raw)];
  if (folder === null || file === null) {
    throw fail("E_FILE_UNREADABLE", "no home directory for the choice", "set HOME or XDG_CONFIG_HOME");
  }
  const { makeOwnFolder, replaceFile } = await import("../os/files/replace-file.ts");
  const { checkTrustedFolder, readTrustedFile } = await import("../os/files/safe-file.ts");
  makeOwnFolder(folder);
  checkTrustedFolder(folder, "root-or-user");
  const old = readTrustedFile(file, { owner: "root-or-user", limitBytes: 64 * 1024 });
  // Whatever else a newer gum-cred keeps there stays.
  const settings = (old && parseJsonObject(new TextDecoder().decode(old))) ?? {};
  const text = `${JSON.stringify({ ...settings, [DEFAULT_PROFILE_KEY]: name }, null, 2)}\n`;
  replaceFile(file, new TextEncoder().encode(text));
}
