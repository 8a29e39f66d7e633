/** What every start costs: gum-cred against a program that does nothing, and against secret-tool on one keyring. */
import { type Case, measure, type Timing } from "./measure.ts";
import { absentRow, type Section, timeRow } from "./rows.ts";
import { freshSession, isHere, type Setting, store, TOKEN, type Variables, withKeyring } from "./world.ts";

export const LIMITS = { environment: 1.2, exec: 1.35, page: 1.25, keychain: 0.85, all: 1.05 };

const PLAIN = "env, from the environment";
const ENV = "env gumloop, from the environment";
const EXEC = "exec gumloop -- true";
const PAGES = ["--help", "--version"];
const OTHERS = ["completion bash", "status", "get gumloop"];
const PROFILE = "env gumloop, from the keychain";
const ALL = "env, every provider, keychain";
const GIVEN = "env, from the environment, with a keychain";
const LOOKUP = "secret-tool lookup, one entry";
/** Plain `env` looks for settings under it. */
const NO_SETTINGS: Variables = { ...TOKEN, HOME: "/nonexistent" };

export function benchStartUp({ gumCred, empty, rounds }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    const toolIsHere = isHere("secret-tool");
    const lookup = ["secret-tool", "lookup", "service", "gumloop-cli", "username", "default:access_token"];
    const cases: Case[] = [
      { name: "empty", command: [empty] },
      { name: PLAIN, command: [gumCred, "env"], env: NO_SETTINGS },
      { name: ENV, command: [gumCred, "env", "gumloop"], env: TOKEN },
      { name: EXEC, command: [gumCred, "exec", "gumloop", "--", "true"], env: TOKEN },
      ...PAGES.map((name) => ({ name, command: [gumCred, name] })),
      ...OTHERS.map((name) => ({ name, command: [gumCred, ...name.split(" ")], env: TOKEN })),
      ...(toolIsHere ? [{ name: LOOKUP, command: lookup, env: session }] : []),
      { name: GIVEN, command: [gumCred, "env"], env: { ...session, ...TOKEN } },
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
        "nothing of ours can be faster. Of each program five fresh copies took turns; " +
        `their least times were ${spread(timing("empty"))} ms (empty) and ${spread(timing(ENV))} ms (env gumloop). ` +
        "The keychain is GNOME Keyring on a bus of its own; a profile is what `login` stores: tokens, base URL, expiry.",
      rows: [
        against(PLAIN, "empty", LIMITS.environment),
        against(ENV, "empty", LIMITS.environment),
        against(EXEC, "empty", LIMITS.exec),
        ...PAGES.map((name) => against(name, "empty", LIMITS.page)),
        ...OTHERS.map((name) => against(name, "empty")),
        ...(
          [
            [PROFILE, LIMITS.keychain],
            [ALL, LIMITS.all],
            [GIVEN, LIMITS.all],
          ] as const
        ).map(([name, limit]) =>
          toolIsHere ? against(name, LOOKUP, limit) : { ...absentRow(name, "secret-tool"), limit },
        ),
      ],
    };
  });
}

function spread({ byCopy }: Timing): string {
  return byCopy.map((least) => least.toFixed(2)).join(", ");
}
