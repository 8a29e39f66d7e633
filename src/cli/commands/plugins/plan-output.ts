/** What `plugins add` and `plugins trust` show of a plugin, to people and to programs. */
import type { PluginPlan } from "../../../app/plugins/plugins.ts";
import { facts } from "../../../output/table.ts";

/** One value a line, so that nothing of what is agreed to is cut off. */
export function summary({ manifest, pin }: PluginPlan): string {
  const { verify, command = [] } = manifest;
  const headers = Object.entries(verify?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return facts([
    ["Plugin", `${manifest.id} (${manifest.title})`],
    ...list("Reads", manifest.env),
    ["Exports", manifest.env[0]],
    ...list("Hosts", manifest.hosts),
    ["Create a key", manifest.setup_url],
    ["Verifying asks", verify?.url],
    ...list("  with", headers),
    ["Verifying runs", command[0]],
    ...list("  with", command.slice(1)),
    ...list("  and on stdin", command.length > 0 ? ["the key"] : []),
    ["SHA-256", `${pin.manifest} of the manifest`],
    ...[...pin.files].map(([path, hash]) => ["", `${hash} of ${path}`] as const),
  ]).trimEnd();
}

function list(label: string, values: readonly string[]): (readonly [string, string])[] {
  return values.map((value, index) => [index === 0 ? label : "", value]);
}

/** The same for `--json`. */
export function data({ manifest, pin, path, replaces, shipped }: PluginPlan): Record<string, unknown> {
  return {
    status: "ok",
    id: manifest.id,
    title: manifest.title,
    variables: manifest.env,
    hosts: manifest.hosts,
    verify_url: manifest.verify?.url ?? null,
    command: manifest.command ?? null,
    path,
    replaced: replaces,
    from_catalogue: shipped,
    manifest_sha256: pin.manifest,
    files_sha256: Object.fromEntries(pin.files),
  };
}
