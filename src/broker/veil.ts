/** Hides the run's keys and its placeholder: in answers that quote one, and in the lines of the log. */
import { reveal, type Secret } from "../core/secret.ts";
import { type Redactor, redactors } from "../output/redactor.ts";
import { secretForms, wrappedForms } from "../output/secret-forms.ts";
import type { LogEntry } from "./log.ts";
import type { Injection, Route } from "./route.ts";

export interface Veil {
  /** The same route, each key of which is known here from then on. */
  watched(route: Route): Route;
  /** For one stream in which this key may be. */
  over(key: Secret): Redactor;
  /** The same text of a header, the bytes of which fetch shows as Latin-1. */
  header(text: string): string;
  /** The same line without any of them, however its path was encoded. */
  line(entry: LogEntry): LogEntry;
}

/** A run may last for days and its keys for minutes: so many are known beside those of the start. */
const MOST_KEYS = 64;
/** A path may be encoded more than once. */
const MOST_LAYERS = 4;

export function createVeil(secrets: readonly Secret[]): Veil {
  /** Searches are prepared once for each key; the oldest come first. */
  const known = new Map<Secret, () => Redactor>();
  let all: (() => Redactor) | null = null;
  let forms: readonly string[] | null = null;
  const learn = (key: Secret): (() => Redactor) => {
    const prepared = known.get(key);
    if (prepared) return prepared;
    const make = redactors([key]);
    known.set(key, make);
    [all, forms] = [null, null];
    const later = [...known.keys()].filter((each) => !secrets.includes(each));
    if (later.length > MOST_KEYS && later[0]) known.delete(later[0]);
    return make;
  };
  for (const each of secrets) learn(each);
  /** Most texts hold none, and looking for that takes a tenth of the time. */
  const mayHold = (text: string): boolean => {
    forms ??= [...new Set([...known.keys()].flatMap(formsOf))];
    const dense = text.replace(/\s+/g, "");
    for (const form of forms) if (text.includes(form) || dense.includes(form)) return true;
    return false;
  };
  const hidden = (text: string, encoding: "utf8" | "latin1" = "utf8"): string => {
    if (!mayHold(text)) return text;
    all ??= redactors([...known.keys()]);
    const redactor = all();
    const out = Buffer.from(redactor.write(Buffer.from(text, encoding)));
    return Buffer.concat([out, redactor.end()]).toString(encoding);
  };
  const inPath = (path: string): string => {
    let shown = hidden(path);
    let plain = shown;
    for (let layer = 0; layer < MOST_LAYERS && plain.includes("%"); layer++) {
      const next = unescaped(plain);
      if (next === plain) break;
      const safe = hidden(next);
      if (safe !== next) shown = encodeURI(safe.toWellFormed());
      plain = safe;
    }
    return shown;
  };
  const learned = <Some extends Injection | null>(injection: Some): Some => {
    if (injection) learn(injection.value);
    return injection;
  };
  return {
    watched: (route) => ({
      ...route,
      credential: async () => learned(await route.credential()),
      renew: async (rejected) => learned(await route.renew(rejected)),
    }),
    over: (key) => learn(key)(),
    header: (text) => hidden(text, "latin1"),
    line: (entry) => ({
      ...entry,
      method: hidden(entry.method),
      path: inPath(entry.path),
      ...(entry.model === undefined ? {} : { model: hidden(entry.model) }),
    }),
  };
}

function formsOf(key: Secret): readonly string[] {
  const forms = [...secretForms(reveal(key)), ...wrappedForms(reveal(key))];
  return [...forms, ...forms.map((form) => Buffer.from(form).toString("latin1"))];
}

/** What cannot be decoded stays. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
