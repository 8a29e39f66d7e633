/** `gum-cred doctor`: what is wrong, and what to do about it. */
import { type Check, problem } from "../../app/doctor/check.ts";
import { clean, GumCredError } from "../../core/errors.ts";
import { columnsOf } from "../../os/streams/terminal.ts";
import { outputStyle } from "../../output/style.ts";
import { wrapped } from "../../output/wrap.ts";
import { type Context, defineCommand } from "../command.ts";
import { advice } from "../hints.ts";

export const doctor = defineCommand({
  args: [],
  flags: [],
  details:
    "Looks at the keychain and who runs it, the lock between processes, contradicting or stale variables,\n" +
    "proxies and certificates, the clock, the server, and why it may refuse the credential (401, 403).\n" +
    "The exit code is 0 without a problem, else that of the first one. Warnings do not count.",
  examples: [
    { line: "gum-cred doctor", about: "when something does not work" },
    { line: "gum-cred doctor --json", about: "for a support request; it holds no secret" },
  ],
  run: async (context) => {
    const checks = (await checksOf(context)).map(leadingOn);
    const first = checks.find(({ state }) => state === "problem");
    return {
      kind: "data",
      data: { status: worst(checks), checks: checks.map(row) },
      human: checks.map(lines).join(""),
      error: first?.error ?? undefined,
    };
  },
});

async function checksOf(context: Context): Promise<readonly Check[]> {
  const { examine } = await import("../../app/doctor/doctor.ts");
  try {
    return await examine(context.scope, context.ports);
  } catch (error) {
    // A profile, base URL or team id that makes no sense: nothing else can be looked at before it does.
    if (error instanceof GumCredError) return [problem("variables", error)];
    throw error;
  }
}

/** The check with a hint that suits this command line. */
function leadingOn(check: Check): Check {
  return { ...check, hint: (check.hint && advice().hint(check.hint)) || null };
}

function worst(checks: readonly Check[]): Check["state"] {
  const has = (wanted: Check["state"]) => checks.some(({ state }) => state === wanted);
  if (has("problem")) return "problem";
  return has("warning") ? "warning" : "ok";
}

function row({ name, state, message, hint }: Check) {
  return { name, state, message, hint };
}

const STATE_COLUMNS = 9;
const NAME_COLUMNS = 15;
/** Below this, what was found stands under the name of the check. */
const BESIDE_COLUMNS = 60;

function lines({ name, state, message, hint }: Check): string {
  const width = columnsOf(1);
  const isNarrow = width < BESIDE_COLUMNS;
  const indent = " ".repeat(isNarrow ? 2 : STATE_COLUMNS + NAME_COLUMNS);
  const below = [clean(message, 1_000), ...(hint ? [clean(hint, 1_000)] : [])].flatMap((text) =>
    wrapped(text, width - indent.length).map((line) => indent + line),
  );
  const style = outputStyle();
  const painted = { ok: style.good, warning: style.warning, problem: style.bad }[state](state);
  const head =
    painted + " ".repeat(STATE_COLUMNS - state.length) + name.replaceAll("_", " ").padEnd(NAME_COLUMNS);
  if (isNarrow) return `${[head.trimEnd(), ...below].join("\n")}\n`;
  const [first = "", ...others] = below;
  return `${[head + first.slice(indent.length), ...others].join("\n")}\n`;
}
