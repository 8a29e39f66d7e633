/** What hundreds of plugins or of stored profiles add to a run. */
import { rmSync } from "node:fs";
import { indexPath } from "../../src/providers/installed/places.ts";
import { type Case, measure } from "./measure.ts";
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

const PLUGIN_COMMANDS = ["env", "env NAME", "status", "--help", "completion providers"];
const IN_KEYRING = "env, with a keychain";
const FIRST = "env, first run after a change";

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
    ]);
    const changed: Case[] = [...homes].map(([count, home]) => ({
      ...pluginCase(gumCred, "env", count, home),
      name: named(FIRST, count),
      before: () => rmSync(indexPath({ HOME: home }) ?? "", { force: true }),
    }));
    const timing = await measure(cases, Math.ceil(rounds / 2));
    const rebuilding = await measure(changed, 5);
    const rows = [...PLUGIN_COMMANDS, IN_KEYRING].flatMap((command) =>
      COUNTS.map((count) => timeRow(timing(named(command, count)), timing(named(command, 0)), LIMIT)),
    );
    return {
      title: "Growth with plugins",
      about:
        "The same command with no plugin installed and with many, all agreed to; Gumloop and one built-in vendor have " +
        "a key. Without a keychain, where a run is shortest, unless it says otherwise. NAME is a plugin, and with no " +
        "plugins a built-in vendor. The first run after a change reads every manifest again (docs/plugins.md).",
      rows: [
        ...rows,
        ...COUNTS.map((count) => timeRow(rebuilding(named(FIRST, count)), rebuilding(named(FIRST, 0)))),
      ],
    };
  });
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
    // The keyring's own folder of settings would hide the plugins.
    env: { ...more, ...TOKEN, [key]: "sk-EXAMPLE", HOME: home, XDG_CONFIG_HOME: `${home}/.config` },
  };
}

function named(command: string, count: number): string {
  return count === 0 ? `${command}, no plugins` : `${command}, ${count} plugins`;
}

const PROFILE_COMMANDS = ["env gumloop", "status", "completion profiles"];

/** The same commands with one stored profile and with many, each in a keyring of its own. */
export async function benchProfiles(setting: Setting): Promise<Section> {
  const sessions = new Map<number, Variables>();
  const counts = setting.quick ? COUNTS.slice(0, 2) : COUNTS;
  const rows = await inKeyrings([1, ...counts], sessions, async () => {
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
      "GNOME Keyring looks through all its entries for each question.",
    rows,
  };
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
