/** `gum-cred providers`: who accepts credentials, by which variables, and where keys are made. */
import { facts, table } from "../../output/table.ts";
import type { Provider } from "../../providers/contract.ts";
import { defineCommand } from "../command.ts";

export const providers = defineCommand({
  args: [{ name: "ID", summary: "one of them, in full" }],
  flags: [],
  details:
    "Every LLM vendor's variables also exist behind GUM_CRED_TEAM_ and GUM_CRED_ORG_, for the team's and the\n" +
    "organisation's key, and each with _FILE behind it, for the file that holds the value.",
  examples: [
    { line: "gum-cred providers", about: "all of them, built in and installed" },
    { line: "gum-cred providers anthropic", about: "where to create a key, and what carries it" },
  ],
  run: async ({ ports }, input) => {
    const { allVendors, providerNamed } = await import("../../app/providers.ts");
    const { PROVIDERS } = await import("../../providers/registry.ts");
    const name = input.args.id;
    if (name !== null) {
      const row = described(await providerNamed(name, ports), PROVIDERS);
      return { kind: "data", data: row, human: inFull(row) };
    }
    const gumloop = PROVIDERS.filter(({ kind }) => kind === "platform");
    const rows = [...gumloop, ...(await allVendors(ports))].map((one) => described(one, PROVIDERS));
    return { kind: "data", data: { providers: rows }, human: overview(rows) };
  },
});

type Row = ReturnType<typeof described>;

function described(provider: Provider, builtIn: readonly Provider[]) {
  return {
    id: provider.id,
    title: provider.title,
    aliases: provider.aliases ?? [],
    kind: provider.kind,
    origin: builtIn.includes(provider) ? "built_in" : "installed",
    variables: provider.methods.flatMap((spec) => [
      ...spec.variables,
      ...spec.companions.map(({ variable }) => variable),
    ]),
    exported: provider.exported,
    base_url_variable: provider.baseUrlVariable,
    settings: (provider.companions ?? []).map(({ name, variables, example }) => ({
      name,
      variables,
      example,
    })),
    hosts: provider.hosts,
    setup_url: provider.setupUrl,
    verified_by: verifiedBy(provider),
  };
}

function verifiedBy(provider: Provider): "program" | "request" | "nothing" {
  if (provider.check) return "program";
  // With a base URL only a vendor without any free request is left unverifiable.
  const never = provider.unverifiable?.({ baseUrl: "https://vendor.invalid", teamId: null });
  return never ? "nothing" : "request";
}

function overview(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.id, row.title, origin(row), row.variables.join(", "), row.setup_url]);
  return table(["Id", "Title", "Origin", "Variables", "Create a key"], cells);
}

function inFull(row: Row): string {
  return facts([
    ["Provider", `${row.title} (${row.id})`],
    ["Also called", row.aliases.join(", ") || null],
    ["Origin", origin(row)],
    ["Variables", row.variables.join(", ")],
    ["Exports", row.exported],
    ...row.settings.map(
      ({ name, variables, example }, index) =>
        [index === 0 ? "Settings" : "", `${name} in ${variables.join(", ")}, such as ${example}`] as const,
    ),
    ["Base URL", row.base_url_variable],
    ["Hosts", row.hosts.join(", ")],
    ["Verified by", row.verified_by === "nothing" ? "nothing: that would cost" : `a ${row.verified_by}`],
    ["Create a key", row.setup_url],
  ]);
}

function origin(row: Row): string {
  return row.origin.replace("_", " ");
}
