/** `gum-cred policy check`: whether a policy file is valid. */
import { fail } from "../../../core/errors.ts";
import { defineCommand } from "../../command.ts";

export const policyCheck = defineCommand({
  name: "policy check",
  summary: "Say everything that is wrong with a policy file",
  args: [{ name: "FILE", summary: "the file", required: true }],
  flags: [],
  details:
    "Names every problem at once with its JSON path. Exit code 7 when there is one, 6 when the file itself is unsafe.",
  examples: [{ line: "gum-cred policy check ./policy.json", about: "before it is deployed" }],
  run: async (_context, input) => {
    const { checkPolicyFile } = await import("../../../resolve/policy-file.ts");
    const file = input.args.file;
    const problems = await checkPolicyFile(file);
    const error =
      problems.length === 0
        ? undefined
        : fail(
            "E_POLICY_INVALID",
            `the file has ${problems.length} problem${problems.length > 1 ? "s" : ""}`,
          );
    return {
      kind: "data",
      data: { file, valid: problems.length === 0, problems },
      human:
        problems.length === 0
          ? "The policy is valid."
          : problems.map((one) => `${one.path}: ${one.message}\n`).join(""),
      error,
    };
  },
});
