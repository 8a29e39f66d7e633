/** Hints about a server that misbehaves. */
import type { Scene } from "./hint-follow.ts";

/** The server misbehaves until it does no more. */
function troubled(name: string, code: Scene["code"], hint: string, fault: object, heals: RegExp): Scene {
  return {
    name,
    code,
    shows: [hint],
    async prepare(stage) {
      const { faults } = stage.world.server;
      await stage.world.signInWithKey();
      faults.inject({ path: "*", ...fault });
      stage.line = "gum-cred teams";
      stage.does.push([heals, () => faults.clear()]);
      stage.tells.push(/nothing stored was changed/);
    },
  };
}

export const SERVER_SCENES: readonly Scene[] = [
  troubled(
    "the server drops the connection",
    "E_NETWORK",
    "check the connection and try again; nothing stored was changed",
    { drop: true },
    /check the connection/,
  ),
  troubled(
    "too many requests",
    "E_RATE_LIMITED",
    "wait a moment and try again; nothing stored was changed",
    { status: 429 },
    /wait a moment/,
  ),
  troubled(
    "the server fails",
    "E_SERVER",
    "try again later; nothing stored was changed",
    { status: 503 },
    /try again later/,
  ),
  troubled(
    "the server redirects",
    "E_REDIRECT_REFUSED",
    "check the base URL: redirects are never followed with a credential",
    { redirect: "https://portal.example/" },
    /check the base URL/,
  ),
];
