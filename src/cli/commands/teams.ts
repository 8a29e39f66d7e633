/** `gum-cred teams`: the teams of the signed-in user. */
import { table } from "../../output/table.ts";
import { defineCommand } from "../command.ts";

export const teams = defineCommand({
  args: [],
  flags: [],
  details: "The ids are what --team-id and GUMLOOP_TEAM_ID take.",
  examples: [{ line: "gum-cred teams --json", about: "for scripts" }],
  run: async ({ ports, scope }) => {
    const { listTeams } = await import("../../app/teams.ts");
    const found = await listTeams(scope, ports);
    const rows = found.map(({ id, name }) => [id, name ?? ""]);
    const human = found.length === 0 ? "No teams." : table(["Id", "Name"], rows);
    return { kind: "data", data: { teams: found }, human };
  },
});
