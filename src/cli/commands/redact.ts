/** `gum-cred redact`: standard input to standard output, without the secrets that resolve. */
import { defineCommand } from "../command.ts";

export const redact = defineCommand({
  args: [],
  flags: [],
  details:
    "Every credential that resolves becomes ***, as it is and in base64, percent-encoded and JSON-escaped form.\n" +
    "A credential that cannot be read is an error, and nothing is copied. Secrets of fewer than 6 characters\n" +
    "are not masked.",
  examples: [
    { line: "./deploy.sh 2>&1 | gum-cred redact | tee deploy.log", about: "a log that can be shown around" },
  ],
  run: async ({ ports, scope }) => {
    const { gatherExports } = await import("../../app/exports.ts");
    const found = await gatherExports({ names: [], level: null, sdk: false, masking: true }, scope, ports);
    const { secretValues } = await import("../../output/secret-values.ts");
    const { redactors } = await import("../../output/redactor.ts");
    const { filterStdin } = await import("../../os/streams/byte-filter.ts");
    const { expectLongRun } = await import("../../os/process/long-run.ts");
    expectLongRun();
    filterStdin(redactors(secretValues(found))());
    return { kind: "raw", text: "" };
  },
});
