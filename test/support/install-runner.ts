/**
 * What a GitHub Actions runner does with action.yml: its conditions, its variables, its files, its shells' flags.
 * References: docs.github.com/actions, "Metadata syntax" and "Workflow commands"; github.com/actions/runner,
 * src/Runner.Worker/Handlers (CompositeActionHandler.cs, ScriptHandlerHelpers.cs).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { run } from "./binary.ts";
import { SYSTEM_PATH } from "./install.ts";

const ROOT = resolve(import.meta.dir, "../..");

export interface Step {
  readonly name: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: string;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

export interface Job {
  /** Of the first step that failed, or 0. */
  readonly code: number | null;
  /** Names of the steps that ran. */
  readonly steps: readonly string[];
  /** Both streams of all steps, as the job's log shows them. */
  readonly log: string;
  /** What later steps get: the contents of the runner's files. */
  readonly githubEnv: string;
  readonly githubPath: string;
}

export interface JobOptions {
  /** Inputs as a workflow gives them; the others have their defaults. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** `env` of the step that uses the action. */
  readonly env?: Readonly<Record<string, string>>;
  /** First on the PATH. */
  readonly path?: string;
}

export const action = Bun.YAML.parse(readFileSync(`${ROOT}/action.yml`, "utf8")) as Action;

/** Runs the action as a Linux runner does, in a folder of the test's own. */
export async function runAction(folder: string, options: JobOptions = {}): Promise<Job> {
  const files = { GITHUB_ENV: `${folder}/github-env`, GITHUB_PATH: `${folder}/github-path` };
  for (const path of Object.values(files)) writeFileSync(path, "");
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, String(input.default)]);
  const inputs: Record<string, string> = { ...Object.fromEntries(defaults), ...options.inputs };
  const steps: string[] = [];
  let code: number | null = 0;
  let log = "";
  for (const step of action.runs.steps.filter((step) => holds(step.if ?? "true", inputs))) {
    steps.push(step.name);
    if (step.shell !== "sh") throw new Error(`${step.name}: no shell '${step.shell}' in this runner`);
    const script = `${folder}/step.sh`;
    writeFileSync(script, step.run);
    const added = readFileSync(files.GITHUB_PATH, "utf8").split("\n").filter(Boolean).reverse();
    const result = await run([], {
      program: ["sh", "-e", script],
      cwd: folder,
      env: {
        HOME: folder,
        RUNNER_TEMP: `${folder}/runner temp`,
        GITHUB_ACTION_PATH: ROOT,
        ...files,
        ...options.env,
        ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, expand(value, inputs)])),
        PATH: [...added, ...(options.path ? [options.path] : []), SYSTEM_PATH].join(":"),
      },
    });
    code = result.code;
    log += result.stdout + result.stderr;
    if (code !== 0) break;
  }
  const [githubEnv, githubPath] = Object.values(files).map((path) => readFileSync(path, "utf8"));
  return { code, steps, log, githubEnv: githubEnv ?? "", githubPath: githubPath ?? "" };
}

/** The few forms of conditions that the action has; another one is an error, not a guess. */
function holds(condition: string, inputs: Readonly<Record<string, string>>): boolean {
  return condition.split(" && ").every((part) => {
    const [, name, operator, wanted] =
      /^(runner\.os|inputs\.\w+|true)(?: (==|!=) '(\w+)')?$/.exec(part) ?? [];
    if (name === undefined) throw new Error(`this runner does not understand '${part}'`);
    if (name === "true") return true;
    const actual = name === "runner.os" ? "Linux" : inputs[name.slice("inputs.".length)];
    // Case does not count: docs.github.com/actions, "Evaluate expressions".
    return (actual?.toLowerCase() === wanted?.toLowerCase()) === (operator === "==");
  });
}

function expand(value: string, inputs: Readonly<Record<string, string>>): string {
  const name = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1] ?? "";
  const input = inputs[name];
  if (input === undefined) throw new Error(`this runner does not understand '${value}'`);
  return input;
}
