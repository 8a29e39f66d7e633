/**
 * Follows hints to the letter. Whoever does what a hint says and runs the line again is better off: it works, or fails
 * otherwise, nearer to the goal, with a hint that leads on in its turn. The same line with the same error seen twice
 * is a loop.
 */
import type { ErrorCode } from "../../src/core/errors.ts";
import type { RunResult } from "./binary.ts";
import { cleared, Stage } from "./hint-stage.ts";
import { badAdvice, type Clause, clausesOf, filled, patternOf } from "./hint-text.ts";
import type { Vendors } from "./vendors.ts";
import type { World } from "./world.ts";

export interface Scene {
  readonly name: string;
  /** What the line fails with; null for advice that is no error's. */
  readonly code: ErrorCode | null;
  /** Where the advice is, if not in the error: a line on stderr, one of doctor's rows, or the output. */
  readonly where?: "line" | "output" | { readonly row: string };
  /** Advice as it stands in the source, all of which this scene shows. */
  readonly shows: readonly string[];
  /** Needs a mount namespace, or to be root. */
  readonly needs?: "mounts" | "root";
  /** The line changes something, or takes long: it is not run once more for its JSON. */
  readonly once?: true;
  prepare(stage: Stage): unknown;
}

/** What was said, and what to do about it. */
interface Advice {
  readonly said: string;
  readonly hint: string;
}

const MOST_STEPS = 3;
/** They show what there is and change nothing. */
const SHOWS =
  /^gum-cred (?:doctor|explain|status|providers|profiles|keychain(?! unlock)|keys (?:list|verify)|plugins (?:list|check)|policy (?:check|show)|setup(?!.*--write))\b|--help$/;

/** Follows every alternative of the scene's advice, each in a fresh state. */
export async function follow(scene: Scene, world: World, vendors: Vendors): Promise<void> {
  const seen: string[] = [];
  for (let index = 0, count = 1; index < count; index++) {
    await cleared(world, vendors);
    const stage = new Stage(world, vendors);
    try {
      await scene.prepare(stage);
      const first = await stage.run(stage.line, pipeOf(stage));
      const given = adviceIn(first, scene.where);
      if (!given) throw new Error(`no advice: ${shown(stage.line, first)}`);
      if (scene.code !== null && !given.said.startsWith(`${scene.code}:`)) {
        throw new Error(`not ${scene.code}: ${shown(stage.line, first)}`);
      }
      seen.push(`${given.said}; ${given.hint}`);
      if (index === 0 && !scene.once && scene.where === undefined) await sameAsJson(stage, given);
      const clauses = clausesOf(given.hint).filter((clause) => !isTold(clause, stage));
      if (clauses.length === 0) throw new Error(`nothing to follow in '${given.hint}'`);
      count = clauses.length;
      await walk(stage, given, clauses[index], scene, seen);
    } finally {
      await stage.end();
    }
  }
  for (const source of scene.shows) {
    if (!seen.some((text) => patternOf(source).test(text))) {
      throw new Error(`'${source}' is nowhere in:\n${seen.join("\n")}`);
    }
  }
}

/** Follows one alternative, and the first one of what comes of it. */
async function walk(
  stage: Stage,
  given: Advice,
  first: Clause | undefined,
  scene: Scene,
  seen: string[],
): Promise<void> {
  let advice = given;
  let clause = first;
  const met = new Set([`${stage.line}\n${advice.said}`]);
  for (let step = 1; step <= MOST_STEPS; step++) {
    if (!clause) throw new Error(`no way on from '${advice.said}': '${advice.hint}'`);
    const diagnosis = await act(stage, clause);
    const again = await stage.run(stage.line, pipeOf(stage));
    const next = adviceIn(again, step === 1 ? scene.where : undefined) ?? adviceIn(again, undefined);
    if (isGone(again, scene.where, given)) return;
    const led = next && next.said !== advice.said ? next : (diagnosis ?? next);
    if (!led) throw new Error(`no hint any more: ${shown(stage.line, again)}`);
    const place = `${led === diagnosis ? clause.commands.join() : stage.line}\n${led.said}`;
    if (met.has(place)) {
      throw new Error(`'${clause.text}' leads back to where it was given: ${shown(stage.line, again)}`);
    }
    met.add(place);
    seen.push(`${led.said}; ${led.hint}`);
    advice = led;
    clause = clausesOf(led.hint).find((one) => !isTold(one, stage));
  }
  throw new Error(`after ${MOST_STEPS} steps still '${advice.said}'`);
}

/** Whether what was advised about is no more: one row of doctor's is, whatever the others say. */
function isGone(again: RunResult, where: Scene["where"], given: Advice): boolean {
  if (where === undefined) return again.code === 0;
  const left = adviceIn(again, where);
  if (typeof where === "object") return left === null;
  return again.code === 0 && left?.said !== given.said;
}

/** Does what a clause says. Advice in what a command shows is given back. */
async function act(stage: Stage, clause: Clause): Promise<Advice | null> {
  const deed = stage.does.find(([words]) => words.test(clause.text))?.[1];
  const line = stage.line;
  if (deed) await deed();
  let diagnosis: Advice | null = null;
  for (const command of clause.commands) {
    const bad = badAdvice(line, command);
    if (bad !== null && !/on a terminal/.test(clause.text)) throw new Error(`'${command}' ${bad}: ${line}`);
    const typed = filled(command, stage.values);
    if (clause.replaces) {
      stage.line = typed;
      continue;
    }
    const result = await stage.type(typed);
    if (!SHOWS.test(command) && result.code !== 0)
      throw new Error(`the hint does not work: ${shown(typed, result)}`);
    if (SHOWS.test(command)) diagnosis = await read(stage, command, result);
  }
  if (!deed && clause.commands.length === 0) {
    const names = [...clause.text.matchAll(/\b[A-Z][A-Z_]{3,}\b/g)].map(([name]) => name);
    const known = names.filter((name) => stage.values[name] !== undefined);
    if (known.length === 0) throw new Error(`nobody knows what to do about '${clause.text}'`);
    for (const name of known) stage.env[name] = stage.values[name] ?? "";
  }
  return diagnosis;
}

/** What the person makes of an output. */
async function read(stage: Stage, command: string, result: RunResult): Promise<Advice | null> {
  // Wrapped for the terminal's width.
  const all = (result.stdout + result.stderr).replace(/\s+/g, " ");
  const row = stage.reads.find(([words]) => words.test(command));
  if (row) {
    const [, found, deed] = row;
    if (typeof found === "string" ? !all.includes(found) : !found.test(all)) {
      throw new Error(`'${found}' is not in: ${shown(command, result)}`);
    }
    await deed();
    return null;
  }
  if (!/^gum-cred doctor/.test(command)) return adviceIn(result, undefined);
  const { stdout } = await stage.run(`${command} --json`);
  const rows: { name: string; state: string; message: string; hint: string | null }[] =
    JSON.parse(stdout).checks;
  const worst = rows.find(({ state, hint }) => state === "problem" && hint) ?? null;
  return worst && { said: `${worst.name}: ${worst.message}`, hint: worst.hint ?? "" };
}

function adviceIn(result: RunResult, where: Scene["where"]): Advice | null {
  if (where === "line") {
    const [, said, hint] = /^((?:gum-cred: warning|note): .+?); (.+)$/m.exec(result.stderr) ?? [];
    return said === undefined ? null : { said, hint: hint ?? "" };
  }
  if (where === "output")
    return /'gum-cred /.test(result.stdout) ? { said: "", hint: result.stdout.trim() } : null;
  if (where) return rowIn(result, where.row);
  const [, code, message, hint] =
    /^gum-cred: error\[(\w+)\]: (.*)(?:\nhint: (.*))?/m.exec(result.stderr) ?? [];
  return code === undefined ? null : { said: `${code}: ${message}`, hint: hint ?? "" };
}

function rowIn({ stdout }: RunResult, name: string): Advice | null {
  const rows: { name: string; message: string; hint: string | null }[] = JSON.parse(stdout).checks;
  const row = rows.find((one) => one.name === name && one.hint !== null);
  return row ? { said: row.message, hint: row.hint ?? "" } : null;
}

/** With --json the error has the same words. */
async function sameAsJson(stage: Stage, given: Advice): Promise<void> {
  const line = stage.line.replace(/\bgum-cred\b/, "gum-cred --json");
  const { stderr } = await stage.run(line, pipeOf(stage));
  const json = stderr.split("\n").find((text) => text.startsWith('{"error"')) ?? "{}";
  const hint = JSON.parse(json).error?.hint;
  if (hint !== given.hint) throw new Error(`with --json the hint is '${hint}' and not '${given.hint}'`);
}

const pipeOf = (stage: Stage): string | undefined =>
  stage.pipes.find(([words]) => words.test(stage.line))?.[1];
const isTold = ({ text }: Clause, stage: Stage): boolean => stage.tells.some((words) => words.test(text));
const shown = (line: string, { code, stdout, stderr }: RunResult): string =>
  `${line}\n[${code}] ${stdout.slice(0, 1_500)}\n${stderr.slice(0, 1_500)}`;
