/**
 * The official `gumloop` client at work on the same entries. It takes no lock and presents the refresh token that it
 * read at its start; between the server's answer to it and its write, the keychain holds a token that is used up.
 * So, where the system shows processes, gum-cred presents none while that client may be in between. What it looks like
 * when it runs was seen with 0.5.9 from PyPI (docs/official-cli.md).
 */
import type { RunningProcess } from "../os/process/running.ts";
import type { Surroundings, Voice } from "../resolve/ports.ts";
import type { Profile, ProfileReading } from "./profile.ts";

/** The only profile that the official client knows. */
const ITS_PROFILE = "default";

/** A client that started so short a time ago may be about to read, present or store a refresh token. */
const YOUNG_MS = 10_000;
/** Its start, two requests and five writes take one to three seconds. */
const LONGEST_WAIT_MS = 5_000;
/** One that has run for longer, such as a chat, refreshes at any time or never: only what it has begun is waited for. */
const WAIT_FOR_OLD_MS = 1_000;
/** The last one counts for all further ones. The keychain has an allowance of time, which the writes need too. */
const PAUSES_MS = [50, 100, 200, 250];

/** Milliseconds that pass, and a way to let them pass. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

const REAL_CLOCK: Clock = { now: () => performance.now(), sleep: (ms) => Bun.sleep(ms) };

type WatchPorts = Pick<Surroundings, "processes" | "raw"> & Pick<Voice, "busy" | "debug">;

/**
 * Reads the profile, and as long as an official client may be changing it, again: until `isSettled` is true of what is
 * read, that client has ended, or the wait has lasted for as long as is reasonable. Without such a client it is read
 * once, or for `atLeastMs` milliseconds. Throws the keychain's errors.
 */
export async function readBesideOfficialClient(
  profile: Pick<Profile, "name" | "read">,
  isSettled: (reading: ProfileReading) => boolean,
  ports: WatchPorts,
  { atLeastMs = 0, clock = REAL_CLOCK }: { readonly atLeastMs?: number; readonly clock?: Clock } = {},
): Promise<ProfileReading> {
  const started = clock.now();
  const look = async () => {
    // Before reading: what a client stored before it ended is read then.
    const clients = profile.name === ITS_PROFILE ? await clientsAtWork(ports) : [];
    const reading = await profile.read();
    const limitMs = Math.max(atLeastMs, patienceWith(clients));
    return { reading, clients, isDone: isSettled(reading) || clock.now() - started >= limitMs };
  };
  let latest = await look();
  if (latest.isDone) return latest.reading;
  const watch = async () => {
    for (let turn = 0; !latest.isDone; turn++) {
      await clock.sleep(PAUSES_MS[turn] ?? PAUSES_MS.at(-1) ?? 0);
      latest = await look();
    }
    return latest.reading;
  };
  if (latest.clients.length === 0) return watch();
  ports.debug(`refresh: the official client is running (process ${latest.clients[0]?.pid})`);
  return ports.busy("Waiting for the gumloop CLI", watch());
}

function patienceWith(clients: readonly RunningProcess[]): number {
  if (clients.length === 0) return 0;
  return clients.some(({ ageMs }) => ageMs < YOUNG_MS) ? LONGEST_WAIT_MS : WAIT_FOR_OLD_MS;
}

const BUS = "DBUS_SESSION_BUS_ADDRESS";

/** The official clients that may refresh this keyring's session: with a credential in the environment, none does. */
async function clientsAtWork({ processes, raw }: WatchPorts): Promise<readonly RunningProcess[]> {
  const running = await processes(isOfficialClient);
  const ours = busOf(raw[BUS] ?? "");
  return running.filter(({ variable }) => {
    const theirs = busOf(variable(BUS));
    const otherKeyring = ours !== "" && theirs !== "" && ours !== theirs;
    return !otherKeyring && variable("GUMLOOP_ACCESS_TOKEN") === "" && variable("GUMLOOP_API_KEY") === "";
  });
}

/** A bus's address without what differs between those who name the same one. */
function busOf(address: string): string {
  return address.replace(/,guid=[0-9a-f]*/g, "");
}

const PYTHON = /^(?:python|pypy)[\w.-]*$/;
/** Also as `pipx install --suffix` and Nix name it. */
const SCRIPT = /^\.?gumloop(?:-wrapped|[@-][\w.]+)?$/;
const MODULE = /^gumloop(?:\.|$)/;
/** Python's options with a value of their own (python(1)); the value may also stand in the same word. */
const WITH_VALUE = "WX";

/**
 * Whether these are the words of the official client: a Python that runs a script named `gumloop`, which is how a
 * console script is started by pip, pipx and uv alike, or `-m gumloop…`.
 */
export function isOfficialClient(argv: readonly string[]): boolean {
  const [program = "", ...words] = argv;
  if (!PYTHON.test(fileName(program))) return false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") return SCRIPT.test(fileName(word));
    if (word === "--check-hash-based-pycs") at++;
    if (word.startsWith("--")) continue;
    for (let letter = 1; letter < word.length; letter++) {
      const [name = "", rest] = [word[letter], word.slice(letter + 1)];
      if (name === "c") return false;
      if (name === "m") return MODULE.test(rest || (words[at + 1] ?? ""));
      if (!WITH_VALUE.includes(name)) continue;
      if (rest === "") at++;
      break;
    }
  }
  return false;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
