/**
 * What may be interrupted: signing in over something, refreshing, signing out. Each scene prepares a profile
 * in a world's real keyring and knows what may be found in it afterwards, whatever happened in between.
 */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import type { StandIn } from "./stand-in/server.ts";
import { plant, profileEntries } from "./stored-session.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env: Record<string, string>;
  /** The server's last word before the keychain is written; a good moment to be killed is soon after it. */
  readonly decisive: { readonly server: StandIn; readonly path: string };
  /** Entries before. */
  readonly old: Readonly<Record<string, string>>;
  /** A value that only the new credential has; null where the server makes it up, or there is none. */
  readonly next: Readonly<Record<string, string>> | null;
}

export type SceneName =
  | "login with a key"
  | "login with a token"
  | "login in the browser"
  | "refresh"
  | "logout";

/** What was found: the credential before, the one after, or none; and a session that only a refresh brings on. */
export type Outcome = "old" | "new" | "signed out" | "rotation kept" | "rotation lost in flight";

let count = 0;

/** Prepares one scene under a profile. `other` is a second server: signing in changes the base URL as well. */
export async function prepare(
  name: SceneName,
  profile: string,
  world: World,
  other: StandIn,
): Promise<Scene> {
  const here = world.server;
  const id = `user${++count}`;
  const env = { ...world.env };
  const base = ["--profile", profile];
  if (name === "refresh" || name === "logout") {
    const old = await plantSession(world, profile, name === "refresh" ? 0 : 3600);
    if (name === "logout") {
      const decisive = { server: here, path: "/oauth/revoke" };
      return { args: ["logout", ...base], env, decisive, old, next: null };
    }
    const decisive = { server: here, path: "/oauth/token" };
    return { args: ["get", "gumloop", ...base], env, decisive, old, next: null };
  }
  if (name === "login with a key") {
    const old = await plantSession(world, profile, 3600);
    const { key } = other.addApiKey({ userId: id });
    return {
      args: ["login", "--api-key", "-", "--user-id", id, "--base-url", other.baseUrl, ...base],
      stdin: key,
      env,
      decisive: { server: other, path: "/api/v1/models" },
      old,
      next: { api_key: key, user_id: id, base_url: other.baseUrl },
    };
  }
  const { key } = other.addApiKey({ userId: id });
  const old = { api_key: key, user_id: id, base_url: other.baseUrl };
  await plant(world, profile, old, null);
  const decisive = { server: here, path: "/api/v1/models" };
  const at = ["--base-url", here.baseUrl, ...base];
  if (name === "login with a token") {
    const { accessToken } = here.issueTokens();
    const next = { access_token: accessToken, base_url: here.baseUrl };
    return { args: ["login", "--access-token", "-", ...at], stdin: accessToken, env, decisive, old, next };
  }
  const port = String(20_000 + ((process.pid * 7 + count) % 20_000));
  return {
    args: ["login", "--method", "oauth", "--callback-port", port, ...at],
    env: { ...env, BROWSER: browser(world) },
    decisive,
    old,
    next: null,
  };
}

/** Fails unless what is stored now is whole, and unless the next run can use it or says why not. */
export async function judge(name: SceneName, scene: Scene, profile: string, world: World): Promise<Outcome> {
  const found = await profileEntries(world, profile);
  const { access_token: token, refresh_token: refreshToken, api_key: key, user_id: userId } = found;
  const { old, next } = scene;
  const described = { scene: name, found: Object.keys(found).join(" ") };
  const holds = (field: string, from: Readonly<Record<string, string>> | null): boolean =>
    found[field] !== undefined && found[field] === from?.[field];
  const baseOf = (field: string) => {
    if (holds(field, old)) return old["base_url"];
    return next ? next["base_url"] : world.server.baseUrl;
  };

  // Nothing stands beside a base URL that it was not issued for, nor without one.
  for (const field of ["access_token", "refresh_token", "api_key"]) {
    if (found[field] !== undefined)
      expect({ ...described, base: found["base_url"] }).toEqual({ ...described, base: baseOf(field) });
  }
  if (key !== undefined) {
    const owner = holds("api_key", old) ? old["user_id"] : next?.["user_id"];
    expect({ ...described, owner: userId }).toEqual({ ...described, owner });
  }
  expect({ ...described, both: token !== undefined && key !== undefined }).toEqual({
    ...described,
    both: false,
  });

  const isOld = holds("access_token", old) || holds("api_key", old);
  const isNew = !isOld && (token ?? key) !== undefined;
  if (isNew && next) expect(found).toMatchObject(next);
  if (isNew && token !== undefined) expect(await accepted(world.server, token)).toBe(true);
  // A new access token beside the refresh token that was used up for it would be a rotation thrown away.
  if (isNew && name === "refresh") expect(holds("refresh_token", old)).toBe(false);

  const run = await world.run(["get", "gumloop", "--profile", profile]);
  const said = `${name}: ${described.found}: ${run.stderr}`;
  if (!isOld && !isNew) {
    expect([said, run.code]).toEqual([said, 3]);
    expect(run.stderr).toContain("E_NOT_SIGNED_IN");
    return "signed out";
  }
  if (name === "refresh" && isOld) {
    if (!holds("refresh_token", old)) {
      expect([said, run.code]).toEqual([said, 0]); // the next run goes on with what was saved
      return "rotation kept";
    }
    if (run.code === 0) return "old";
    expect(run.stderr).toContain("E_EXPIRED");
    return "rotation lost in flight";
  }
  expect([said, run.code, run.stdout]).toEqual([said, 0, `${token ?? key}\n`]);
  if (isNew && refreshToken !== undefined && name === "login in the browser") {
    expect(found["base_url"]).toBe(world.server.baseUrl);
  }
  return isOld ? "old" : "new";
}

async function plantSession(world: World, profile: string, expiresIn: number) {
  const { accessToken, refreshToken } = world.server.issueTokens({ expiresIn });
  const { baseUrl } = world.server;
  const expiresAtMs = Date.now() + expiresIn * 1000 - 1_000;
  const fields = { access_token: accessToken, refresh_token: refreshToken, base_url: baseUrl };
  await plant(world, profile, fields, expiresAtMs);
  return fields;
}

async function accepted(server: StandIn, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.baseUrl}/models`, { headers })).status === 200;
}

/** Follows the redirects back to the listener, as a browser would. */
function browser(world: World): string {
  const path = `${world.home}/browser`;
  writeFileSync(path, `#!/bin/sh\nexec curl -sSL --max-time 5 -o /dev/null "$1"\n`, { mode: 0o755 });
  return path;
}
