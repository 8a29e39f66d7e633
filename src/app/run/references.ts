/**
 * Resolves references to credentials (`gum://…`), all of a run together. An error names the place where the
 * reference stands and never its text: what was taken for one may be a key.
 */
import { fail, GumCredError } from "../../core/errors.ts";
import { parseReference, type Reference } from "../../core/reference.ts";
import { type Secret, secret } from "../../core/secret.ts";
import type { Provider } from "../../providers/contract.ts";
import type { Ports, Scope } from "../../resolve/ports.ts";
import { getField } from "../get.ts";
import { providerNamed } from "../providers.ts";

/** A reference and where it stands, for messages: `.env:3`. */
export interface PlacedReference {
  readonly place: string;
  readonly text: string;
}

/** Their values, in the same order. Throws the first one's error, with its place. */
export async function resolveReferences(
  placed: readonly PlacedReference[],
  scope: Scope,
  ports: Ports,
): Promise<readonly Secret[]> {
  const wanted = [];
  // Every mistake in the text is found before anything is opened.
  for (const { place, text } of placed) {
    wanted.push(await at(place, () => understood(parseReference(text), ports), text));
  }
  const values = new Map<string, Promise<string>>();
  const asked = [];
  for (const [index, { reference, provider }] of wanted.entries()) {
    const { place = "", text = "" } = placed[index] ?? {};
    const here = scopeOf(reference, scope);
    const id = JSON.stringify([provider.id, reference.field, reference.level, here.profile, here.teamId]);
    const value = values.get(id) ?? printed(provider, reference, here, ports);
    values.set(id, value);
    // Sources of a policy are asked side by side; a session is renewed once, before anybody else wants it.
    if (provider.kind === "platform") await value.catch(() => {});
    asked.push(at(place, async () => secret(await value), text, reference));
  }
  const answers = await Promise.allSettled(asked);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed) throw failed.reason;
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

/** As `get` has it, with all that may refuse a value to be handed out. */
async function printed(
  provider: Provider,
  reference: Reference,
  scope: Scope,
  ports: Ports,
): Promise<string> {
  return (await getField(provider.id, reference.field, reference.level, scope, ports)).value;
}

interface Understood {
  readonly reference: Reference;
  readonly provider: Provider;
}

async function understood(reference: Reference, ports: Ports): Promise<Understood> {
  const provider = await known(reference.provider, ports);
  const fields = [
    "api_key",
    ...(provider.kind === "platform" ? ["access_token", "user_id", "base_url"] : []),
    ...(provider.companions ?? []).map(({ name }) => name),
  ];
  if (reference.field !== null && !fields.includes(reference.field)) {
    throw fail("E_REFERENCE_MALFORMED", `the reference names no field of its provider: ${fields.join(", ")}`);
  }
  return { reference, provider };
}

/** The provider of a name, which an error does not repeat. */
async function known(name: string, ports: Ports): Promise<Provider> {
  try {
    return await providerNamed(name, ports);
  } catch (error) {
    if (!(error instanceof GumCredError) || error.code !== "E_UNKNOWN_PROVIDER") throw error;
    const hint = "run 'gum-cred providers' for the known providers";
    throw fail("E_REFERENCE_MALFORMED", "the reference names no known provider", hint);
  }
}

function scopeOf({ profile, teamId }: Reference, scope: Scope): Scope {
  return { ...scope, profile: profile ?? scope.profile, teamId: teamId ?? scope.teamId };
}

/** Puts the place before an error's message, and takes the reference's own text out of it. Its options go into the hint. */
async function at<T>(
  place: string,
  work: () => T | Promise<T>,
  text: string,
  reference: Reference | null = null,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GumCredError)) throw error;
    const without = (words: string) => words.replaceAll(text, "the reference");
    // How a reference is written stands in the hint for one that is not.
    const hint = error.code === "E_REFERENCE_MALFORMED" ? error.hint : without(error.hint);
    throw fail(error.code, `${place}: ${without(error.message)}`, reference ? scoped(hint, reference) : hint);
  }
}

/** The commands of a hint for the very place that the reference means. */
function scoped(hint: string, { profile, level, teamId }: Reference): string {
  const own = profile === null ? "" : ` --profile ${profile}`;
  const place = `${level === null ? "" : ` --level ${level}`}${teamId === null ? "" : ` --team-id ${teamId}`}`;
  return hint.replace(/'gum-cred (?:login|keys set [a-z0-9-]+)(?=')/g, (command) =>
    command.endsWith("login") ? command + own : command + own + place,
  );
}
