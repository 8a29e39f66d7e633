/** What every start costs: gum-cred against a program that does nothing, and against secret-tool on one keyring. */
import { type Case, measure } from "./measure.ts";
import { absentRow, type Section, timeRow } from "./rows.ts";
import { freshSession, isHere, type Setting, store, TOKEN, withKeyring } from "./world.ts";

export const LIMITS = { environment: 1.3, exec: 1.4, keychain: 0.9 };

const ENV = "env gumloop, from the environment";
const EXEC = "exec gumloop -- true";
const PROFILE = "env gumloop, from the keychain";
const ALL = "env, every provider, keychain";
const LOOKUP = "secret-tool lookup, one entry";

export function benchStartUp({ gumCred, empty, rounds }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    const others = ["--help", "--version", "completion bash"];
    const toolIsHere = isHere("secret-tool");
    const lookup = ["secret-tool", "lookup", "service", "gumloop-cli", "username", "default:access_token"];
    const cases: Case[] = [
      { name: "empty", command: [empty] },
      { name: ENV, command: [gumCred, "env", "gumloop"], env: TOKEN },
      { name: EXEC, command: [gumCred, "exec", "gumloop", "--", "true"], env: TOKEN },
      ...others.map((name) => ({ name, command: [gumCred, ...name.split(" ")] })),
      ...(toolIsHere ? [{ name: LOOKUP, command: lookup, env: session }] : []),
      { name: PROFILE, command: [gumCred, "env", "gumloop"], env: session },
      { name: ALL, command: [gumCred, "env"], env: session },
    ];
    const timing = await measure(cases, rounds);
    const against = (name: string, other: string, limit: number | null = null) =>
      timeRow(timing(name), timing(other), limit);
    return {
      title: "Start-up",
      about:
        "Whole processes. `empty` is a program without a line of code, built by the same Bun with the same flags: " +
        "nothing of ours can be faster. The keychain is GNOME Keyring on a bus of its own; a profile is what `login` stores: tokens, base URL, expiry.",
      rows: [
        against(ENV, "empty", LIMITS.environment),
        against(EXEC, "empty", LIMITS.exec),
        ...others.map((name) => against(name, "empty")),
        ...(toolIsHere
          ? [against(PROFILE, LOOKUP, LIMITS.keychain), against(ALL, LOOKUP)]
          : [{ ...absentRow(PROFILE, "secret-tool"), limit: LIMITS.keychain }]),
      ],
    };
  });
}
