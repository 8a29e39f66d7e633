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
  let summarised: Promise<Summaries> | undefined;
  let fit: Promise<readonly Provider[]> | undefined;

  const modules = async () => {
    const [installed, { PROVIDERS }] = await Promise.all([
      import("./installed.ts"),
      import("../registry.ts"),
    ]);
    return { installed, setting: { places, builtIn: PROVIDERS } };
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
      warn((await modules()).installed.notUsedWarning(id, error));
      return [];
    }
  };
  const loadAll = async () => {
    const { installed, setting } = await modules();
    const started = Date.now();
    const found = await installed.listInstalled(setting);
    if (path !== null) await (await import("./plugin-index.ts")).writeIndex(path, places, found, started);
    return installed.usableProviders(found, warn);
  };
  const all = () => {
    fit ??= anyInstalled(places) ? loadAll() : Promise.resolve([]);
    return fit;
  };
  const summarise = async (): Promise<Summaries> => {
    // The index first: looking whether anything is installed costs more than it, where much is.
    if (path !== null && mayExist(path)) {
      const { readIndex } = await import("./plugin-index.ts");
      const index = readIndex(path, places);
      if (index) return index;
    }
    const found = await all();
    return found.length === 0 ? NOTHING : (await import("./plugin-index.ts")).summariesOf(found);
  };
  return {
    load,
    all,
    summaries: () => {
      summarised ??= summarise();
      return summarised;
    },
    some: async (ids) => {
      if (fit === undefined) return (await Promise.all(ids.map(loadOrWarn))).flat();
      return (await fit).filter(({ id }) => ids.includes(id));
    },
  };
}
