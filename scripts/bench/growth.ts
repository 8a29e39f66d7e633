/** What hundreds of plugins or of stored profiles add to a run. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { indexPath } from "../../src/providers/installed/places.ts";
import { type Case, cleanEnvironment, measure } from "./measure.ts";
import { type Section, timeRow } from "./rows.ts";
import {
  freshSession,
  homeWithPlugins,
  type Setting,
  store,
  TOKEN,
  type Variables,
  withKeyring,
} from "./world.ts";

const LIMIT = 1.2;
const COUNTS = [10, 100, 500];
/** The index of plugins is written when they have stood for two seconds. */
const SETTLED_MS = 2_100;

const PLUGIN_COMMANDS = ["env", "env gumloop", "env NAME", "status", "--help", "completion providers"];
const ALONE = "env, no vendor's key";
const IN_KEYRING = "env, with a keychain";
const CHANGED = "env, first run after one manifest changed";
/** A stat of each manifest, the pins, and the index written anew. */
const CHANGED_LIMIT = 3;
const NO_INDEX = "env, first run without an index";

/** The same commands with no plugin and with many. */
export function benchPlugins({ gumCred, folder, rounds }: Setting): Promise<Section> {
  return withKeyring(async (session) => {
    const homes = new Map(
      [0, ...COUNTS].map((count) => [count, homeWithPlugins(count, `${folder}/with-${count}`, gumCred)]),
    );
    await Bun.sleep(SETTLED_MS);
    const cases = [...homes].flatMap(([count, home]): Case[] => [
      ...PLUGIN_COMMANDS.map((command) => pluginCase(gumCred, command, count, home)),
      { ...pluginCase(gumCred, "env", count, home, session), name: named(IN_KEYRING, count) },
      // Who has never installed one has no folder of settings either.
      {
        ...pluginCase(gumCred, "env", count, home),
        name: named(ALONE, count),
        env: settingsIn(count === 0 ? "/nonexistent" : home),
      },
    ]);
    const changed = [...homes].map(([count, home]): Case => {
      const one = { ...pluginCase(gumCred, "env", count, home), name: named(CHANGED, count) };
      // Once a round, for all of them; the first run after a pause takes longer whatever it does.
      const before = () => {
        changeOneEach(homes);
        Bun.spawnSync([...one.command], { env: cleanEnvironment(one.env) });
      };
      return count === 0 ? { ...one, before } : one;
    });
    const first = [...homes].map(
      ([count, home]): Case => ({
        ...pluginCase(gumCred, "env", count, home),
        name: named(NO_INDEX, count),
        before: () => rmSync(indexPath({ HOME: home }) ?? "", { force: true }),
      }),
    );
    const timing = await measure(cases, Math.ceil(rounds / 2));
    const updating = await measure(changed, 5);
    const rebuilding = await measure(first, 5);
    const rows = [...PLUGIN_COMMANDS, IN_KEYRING, ALONE].flatMap((command) =>
      COUNTS.map((count) => timeRow(timing(named(command, count)), timing(named(command, 0)), LIMIT)),
    );
    return {
      title: "Growth with plugins",
      about:
        "The same command with no plugin installed and with many, all agreed to; Gumloop and one built-in vendor have " +
        "a key. Without a keychain, where a run is shortest, unless it says otherwise. NAME is a plugin, and with no " +
        "plugins a built-in vendor. After a change only what changed is read; without an index, every manifest " +
        "(docs/plugins.md).",
      rows: [
        ...rows,
        ...COUNTS.map((count) =>
          timeRow(updating(named(CHANGED, count)), updating(named(CHANGED, 0)), CHANGED_LIMIT),
        ),
        ...COUNTS.map((count) => timeRow(rebuilding(named(NO_INDEX, count)), rebuilding(named(NO_INDEX, 0)))),
      ],
    };
  });
}

/** Puts the same bytes into a new file, and waits until it is old enough for the index. */
function changeOneEach(homes: ReadonlyMap<number, string>): void {
  for (const [count, home] of homes) {
    if (count === 0) continue;
    const path = `${home}/.config/gum-cred/plugins/vendor7.json`;
    writeFileSync(`${path}.new`, readFileSync(path), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  Bun.sleepSync(SETTLED_MS);
}

function pluginCase(
  gumCred: string,
  command: string,
  count: number,
  home: string,
  more: Variables = {},
): Case {
  const name = count === 0 ? "openai" : "vendor0";
  const key = command === "env NAME" ? `${name.toUpperCase()}_API_KEY` : "OPENAI_API_KEY";
  return {
    name: named(command, count),
    command: [gumCred, ...command.replace("NAME", name).split(" ")],
    env: { ...more, [key]: "sk-EXAMPLE", ...settingsIn(home) },
  };
}

/** The keyring's own folder of settings would hide the plugins. */
const settingsIn = (home: string): Variables => ({
  ...TOKEN,
  HOME: home,
  XDG_CONFIG_HOME: `${home}/.config`,
});

function named(command: string, count: number): string {
  return count === 0 ? `${command}, no plugins` : `${command}, ${count} plugins`;
}

const PROFILE_COMMANDS = ["env gumloop", "status", "completion profiles"];

/** The same commands with one stored profile and with many, each in a keyring of its own. */
export async function benchProfiles(setting: Setting): Promise<Section> {
  const sessions = new Map<number, Variables>();
  const counts = setting.quick ? COUNTS.slice(0, 2) : COUNTS;
  const rows = await inKeyrings([1, ...counts], sessions, async () => {
    for (const [count, env] of sessions) listAll(setting.gumCred, count, env);
    const cases = [...sessions].flatMap(([count, env]) =>
      PROFILE_COMMANDS.map((command): Case => {
        return { name: stored(command, count), command: [setting.gumCred, ...command.split(" ")], env };
      }),
    );
    const timing = await measure(cases, Math.ceil(setting.rounds / 4));
    return PROFILE_COMMANDS.flatMap((command) =>
      counts.map((count) => timeRow(timing(stored(command, count)), timing(stored(command, 1)))),
    );
  });
  return {
    title: "Growth with profiles",
    about:
      "The same command in a keyring that holds one signed-in profile and in one that holds many. Nothing is promised: " +
      "GNOME Keyring looks through all its entries for each question. The names of many profiles were completed before: for " +
      "minutes they are remembered.",
    rows,
  };
}

/** Completes until all names come: of hundreds the first time takes too long, and they are remembered bit by bit. */
function listAll(gumCred: string, count: number, env: Variables): void {
  for (let tries = 0; tries < 20; tries++) {
    const { stdout } = Bun.spawnSync([gumCred, "completion", "profiles"], { env: cleanEnvironment(env) });
    if (stdout.toString().trim().split("\n").length === count) return;
  }
  throw new Error(`the names of ${count} profiles are not completed`);
}

/** Nests the keyrings, so that all of them are there at once and each is taken down. */
async function inKeyrings<T>(
  counts: readonly number[],
  sessions: Map<number, Variables>,
  use: () => Promise<T>,
): Promise<T> {
  const [count, ...others] = counts;
  if (count === undefined) return use();
  return withKeyring(async (session, server) => {
    const names = ["default", ...Array.from({ length: count - 1 }, (_, index) => `profile${index}`)];
    // Without refresh tokens: storing takes minutes as it is.
    const { accessToken, expiresAtMs } = freshSession(server);
    await store(session, server, new Map(names.map((name) => [name, { accessToken, expiresAtMs }])));
    sessions.set(count, session);
    return inKeyrings(others, sessions, use);
  });
}

function stored(command: string, count: number): string {
  return `${command}, ${count === 1 ? "1 profile" : `${count} profiles`}`;
}
