/** What every start costs: gum-cred against a program that does nothing, and against secret-tool on one keyring. */
import { type Case, measure, type Timing } from "./measure.ts";
import { absentRow, type Row, type Section, timeRow } from "./rows.ts";
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
/** Plain `env` looks for settings under it. */
const NO_SETTINGS: Variables = { ...TOKEN, HOME: "/nonexistent" };

export function benchStartUp({ gumCred, empty, rounds }: Setting): Promise<Section> {
  return withKeyring(async (session, server) => {
    await store(session, server, new Map([["default", freshSession(server)]]));
    const toolIsHere = isHere("secret-tool");
    const lookup = ["secret-tool", "lookup", "service", "gumloop-cli", "username", "default:access_token"];
    const nothing: Case = { name: "empty", command: [empty] };
    const entry: Case = { name: "secret-tool lookup, one entry", command: lookup, env: session };
    const pairs: readonly Pair[] = [
      {
        name: PLAIN,
        command: [gumCred, "env"],
        env: NO_SETTINGS,
        beside: nothing,
        limit: LIMITS.environment,
      },
      {
        name: ENV,
        command: [gumCred, "env", "gumloop"],
        env: TOKEN,
        beside: nothing,
        limit: LIMITS.environment,
      },
      { name: EXEC, command: [gumCred, ...EXEC.split(" ")], env: TOKEN, beside: nothing, limit: LIMITS.exec },
      ...PAGES.map((name) => ({ name, command: [gumCred, name], beside: nothing, limit: LIMITS.page })),
      ...OTHERS.map((name) => ({
        name,
        command: [gumCred, ...name.split(" ")],
        env: TOKEN,
        beside: nothing,
        limit: null,
      })),
      {
        name: PROFILE,
        command: [gumCred, "env", "gumloop"],
        env: session,
        beside: entry,
        limit: LIMITS.keychain,
      },
      { name: ALL, command: [gumCred, "env"], env: session, beside: entry, limit: LIMITS.all },
      {
        name: GIVEN,
        command: [gumCred, "env"],
        env: { ...session, ...TOKEN },
        beside: entry,
        limit: LIMITS.all,
      },
    ];
    const rows: Row[] = [];
    const copies: string[] = [];
    for (const { beside, limit, ...one } of pairs) {
      if (beside === entry && !toolIsHere) rows.push({ ...absentRow(one.name, "secret-tool"), limit });
      else {
        const timing = await measure([beside, one], rounds);
        rows.push(timeRow(timing(one.name), timing(beside.name), limit));
        if (one.name === ENV) copies.push(...[beside.name, ENV].map((name) => spread(timing(name))));
      }
    }
    return {
      title: "Start-up",
      about:
        "Whole processes. `empty` is a program without a line of code, built by the same Bun with the same flags: " +
        "nothing of ours can be faster. Each line is a run of its own, in which two programs took turns: among others of " +
        "its kind a program is faster, because they leave the processor's caches warm. Of each program five fresh copies " +
        `took turns; their least times were ${copies.join(" and ")}. ` +
        "The keychain is GNOME Keyring on a bus of its own; a profile is what `login` stores: tokens, base URL, expiry.",
      rows,
    };
  });
}

type Pair = Case & { readonly beside: Case; readonly limit: number | null };

function spread({ name, byCopy }: Timing): string {
  return `${byCopy.map((least) => least.toFixed(2)).join(", ")} ms (${name})`;
}
