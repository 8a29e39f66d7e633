/** `gum-cred header`: the request headers, for `curl -H @-`. */
import { defineCommand, LEVEL_FLAG } from "../command.ts";

export const header = defineCommand({
  args: [{ name: "PROVIDER", summary: "whose credential (default: gumloop)" }],
  flags: [
    LEVEL_FLAG,
    {
      name: "format",
      value: "FORMAT",
      choices: ["lines", "json"],
      summary: "lines for curl -H @- (default), or one JSON object, as Claude Code's headersHelper wants it",
    },
  ],
  examples: [
    {
      line: "gum-cred header | curl -H @- https://api.gumloop.com/api/v1/models",
      about: "call the API without a secret on any command line",
    },
    { line: "gum-cred header gumloop --format json", about: "the same headers for a headersHelper" },
  ],
  run: async ({ ports, scope }, input) => {
    const { requestHeaders } = await import("../../app/header.ts");
    const headers = await requestHeaders(input.args.provider ?? "gumloop", input.flags.level, scope, ports);
    if (input.flags.format === "json") {
      const object = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
      return { kind: "raw", text: `${JSON.stringify(object)}\n` };
    }
    // The values are for the reader of the lines; what `--json` prints is never a secret.
    const human = headers.map(({ name, value }) => `${name}: ${value}\n`).join("");
    return { kind: "data", data: { headers: headers.map(({ name }) => name) }, human, exact: true };
  },
});
