/**
 * Installed providers as commands need them: by id, as summaries, some, all. Nothing is loaded while none is
 * installed; one costs one manifest; the summaries cost none while nothing has changed (plugin-index.ts).
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { GumCredError } from "../../core/errors.ts";
import { mayExist } from "../../os/files/may-exist.ts";
import type { Provider } from "../contract.ts";
import { anyInstalled, indexPath, pluginPlaces } from "./places.ts";
import type { Summaries } from "./plugin-index.ts";
import type { Found } from "./survey.ts";

export interface InstalledProviders {
  /** The installed provider of that id; null when there is none. Reads that one manifest only. */
  load(id: string): Promise<Provider | null>;
  /** What is installed and usable, without what is needed to use it; the others are named in warnings. */
  summaries(): Promise<Summaries>;
  /** Those of these ids; one that turns out not to be usable is named in a warning. */
  some(ids: readonly string[]): Promise<readonly Provider[]>;
  /** Every installed provider that is usable; the others are named in warnings. */
  all(): Promise<readonly Provider[]>;
}

const NOTHING: Summaries = { ids: () => [], variables: () => [], ownerOf: () => null };

/** The installed providers of this user; `warn` is called for those that are not used, once each. */
export function installedProviders(raw: RawEnvironment, warn: (line: string) => void): InstalledProviders {
  const places = pluginPlaces(raw);
  const path = indexPath(raw);
  const warned = new Set<string>();
  let summarised: Promise<Summaries> | undefined;
  let surveyed: readonly Found[] | undefined;
  let fit: Promise<readonly Provider[]> | undefined;

  const modules = async () => {
    const [installed, { PROVIDERS }] = await Promise.all([
      import("./installed.ts"),
      import("../registry.ts"),
    ]);
    return { installed, setting: { places, builtIn: PROVIDERS } };
  };
  const warnOf = async (id: string, error: GumCredError) => {
    const line = (await modules()).installed.notUsedWarning(id, error);
    if (!warned.has(line)) warn(line);
    warned.add(line);
  };
  const load = async (id: string) => {
    const { installed, setting } = await modules();
    return installed.loadInstalled(id, setting);
  };
  const loadOrWarn = async (id: string): Promise<readonly Provider[]> => {
    try {
      const provider = await load(id);
      return provider ? [provider] : [];
    } catch (error) {
      if (!(error instanceof GumCredError)) throw error;
      await warnOf(id, error);
      return [];
    }
  };
  /** Looks at every manifest and reads those that are not as `recall` finds them in the index. */
  const survey = async (recall: boolean): Promise<readonly Found[]> => {
    if (!anyInstalled(places)) return [];
    const [{ surveyInstalled }, index, { NO_MEMORY }, { setting }] = await Promise.all([
      import("./survey.ts"),
      import("./plugin-index.ts"),
      import("./remembered.ts"),
      modules(),
    ]);
    const memory = recall && path !== null ? index.readMemory(path) : NO_MEMORY;
    const started = Date.now();
    const found = await surveyInstalled(setting, memory);
    if (path !== null) await index.writeIndex(path, places, found, started);
    for (const { id, error } of found) if (error) await warnOf(id, error);
    return found;
  };
  const loadAll = async (): Promise<readonly Provider[]> => {
    const wasRead = surveyed?.every(({ provider, error }) => provider !== null || error !== null);
    surveyed = wasRead ? surveyed : await survey(false);
    return (surveyed ?? []).flatMap(({ provider }) => (provider ? [provider] : []));
  };
  const summarise = async (): Promise<Summaries> => {
    // The index first: looking whether anything is installed costs more than it, where much is.
    if (path !== null && mayExist(path)) {
      const { readIndex } = await import("./plugin-index.ts");
      const index = readIndex(path, places);
      if (index) return index;
    }
    surveyed ??= await survey(true);
    return surveyed.length === 0 ? NOTHING : (await import("./plugin-index.ts")).summariesOf(surveyed);
  };
  return {
    load,
    all: () => {
      fit ??= loadAll();
      return fit;
    },
    summaries: () => {
      summarised ??= summarise();
      return summarised;
    },
    some: async (ids) => {
      if (surveyed === undefined) return (await Promise.all(ids.map(loadOrWarn))).flat();
      // One that lost a name to another plugin is not used, fit as it may be by itself.
      const usable = surveyed.filter(({ id, known }) => known !== null && ids.includes(id));
      const loaded = usable.map(({ id, provider }) => (provider ? [provider] : loadOrWarn(id)));
      return (await Promise.all(loaded)).flat();
    },
  };
}
