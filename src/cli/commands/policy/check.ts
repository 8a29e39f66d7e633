/** `gum-cred policy check`: whether a policy file is valid, and with --live whether its sources answer. */
import type { SourceCheck } from "../../../app/policy-live.ts";
import { fail, type GumCredError } from "../../../core/errors.ts";
import { table } from "../../../output/table.ts";
import { isoTime } from "../../../resolve/lifetime.ts";
import type { Policy } from "../../../resolve/policy.ts";
import type { Ports } from "../../../resolve/ports.ts";
import { defineCommand, type Output } from "../../command.ts";
import { advice } from "../../hints.ts";

export const policyCheck = defineCommand({
  args: [{ name: "FILE", summary: "the file (with --live it may be left out: the policy in force)" }],
  flags: [{ name: "live", summary: "ask every source once and say what came of it" }],
  details:
    "Names every problem at once with its JSON path. Exit code 7 when there is one, 6 when the file itself is unsafe.\n" +
    "--live fetches each key and forgets it; the exit code is that of the first source that fails.",
  examples: [
    { line: "gum-cred policy check ./policy.json", about: "before it is deployed" },
    { line: "gum-cred policy check --live", about: "whether the sources in force answer" },
  ],
  run: async ({ ports }, input) => {
    const { checkPolicyFile } = await import("../../../resolve/policy-file.ts");
    const { file } = input.args;
    const { live } = input.flags;
    if (file === null && !live)
      throw fail("E_USAGE", "name the file to check", "use --live for the policy in force");
    const checked =
      file === null ? { problems: [], policy: await ports.policy() } : await checkPolicyFile(file);
    if (live && checked.policy) return checkLive(checked.policy, file, ports);
    const { problems } = checked;
    return {
      kind: "data",
      data: { file, valid: problems.length === 0, problems },
      human:
        problems.length === 0
          ? "The policy is valid."
          : problems.map((one) => `${one.path}: ${one.message}\n`).join(""),
      error: invalid(problems.length),
    };
  },
});

function invalid(problems: number): GumCredError | undefined {
  if (problems === 0) return undefined;
  return fail(
    "E_POLICY_INVALID",
    `the file has ${problems} problem${problems > 1 ? "s" : ""}`,
    "correct it and check it again",
  );
}

async function checkLive(policy: Policy, file: string | null, ports: Ports): Promise<Output> {
  const { checkSources } = await import("../../../app/policy-live.ts");
  const checks = await ports.busy("Asking the policy's sources", checkSources(policy, ports));
  const rows = checks.map((one) => [
    one.team === null ? one.level : `team ${one.team}`,
    ...[one.provider, one.source, one.error?.code ?? "ok", `${one.ms} ms`],
    one.error ? [one.error.message, ...hintOf(one).map((hint) => `(${hint})`)].join(" ") : liveDetail(one),
  ]);
  const sources = checks.map(({ error, expiresAt, ...one }) => ({
    ...one,
    ...{
      ok: error === null,
      code: error?.code ?? null,
      message: error?.message ?? null,
      hint: hintOf({ error })[0] ?? null,
    },
    expires_at: expiresAt === null ? null : isoTime(expiresAt),
  }));
  return {
    kind: "data",
    data: { file: file, files: policy.files, valid: true, problems: [], sources },
    human:
      rows.length === 0
        ? "The policy is valid and configures no source."
        : table(["Level", "Provider", "Source", "State", "Took", ""], rows),
    error: checks.find((one) => one.error)?.error ?? undefined,
  };
}

/** The hint of a failure that suits this command line, if there is one. */
function hintOf({ error }: Pick<SourceCheck, "error">): readonly string[] {
  const hint = error ? advice().hint(error.hint) : "";
  return hint === "" ? [] : [hint];
}

function liveDetail({ location, expiresAt }: SourceCheck): string {
  return expiresAt === null ? location : `${location}, until ${isoTime(expiresAt)}`;
}
