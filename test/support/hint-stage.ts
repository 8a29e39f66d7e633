/**
 * Where hints are followed: a world in a fresh state, a person who knows some values and answers what is asked, and a
 * shell that runs what the person types.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RunResult } from "./binary.ts";
import { onTerminal, type Step } from "./terminal.ts";
import type { Vendors } from "./vendors.ts";
import type { World } from "./world.ts";

/** What the person does about words that are no command. */
type Deed = () => unknown;

export class Stage {
  /** The command line, as it is typed into a shell. */
  line = "";
  /** The person's variables; what they typed into the shell stays in {@link typed}. */
  readonly env: Record<string, string> = {};
  /** What the person knows, by the word in capitals that stands for it. */
  readonly values: Record<string, string> = {};
  /** What is piped into a command, by what is in it. */
  readonly pipes: (readonly [command: RegExp, text: string])[] = [];
  /** What is typed when a command asks. */
  readonly answers: (readonly [command: RegExp, steps: readonly Step[]])[] = [];
  /** What the person does when it is told to, in words. */
  readonly does: (readonly [words: RegExp, deed: Deed])[] = [];
  /** What the person reads out of the output of a command that only shows something. */
  readonly reads: (readonly [command: RegExp, found: RegExp | string, deed: Deed])[] = [];
  /** Words that tell something and ask for nothing. */
  readonly tells: RegExp[] = [];
  /** Undone when the state is no longer wanted. */
  readonly ends: (() => unknown)[] = [];
  /** What was typed into the shell that changes the shell itself. */
  readonly typed: string[] = [];
  /** What is typed when the line itself asks. */
  #steps: readonly Step[] | null = null;
  /** In place of `sh -c`. */
  shell: readonly string[] = ["/bin/sh", "-c"];
  readonly home = mkdtempSync("/tmp/gum-cred-hints-");

  constructor(
    readonly world: World,
    readonly vendors: Vendors,
  ) {
    for (const name of ["config", "data", "cache", "state"]) {
      this.env[`XDG_${name.toUpperCase()}_HOME`] = `${this.home}/${name}`;
    }
    Object.assign(this.env, { HOME: this.home, GUMLOOP_BASE_URL: world.server.baseUrl, ...vendors.env });
  }

  /** Runs the line on a terminal, where this is typed. */
  onTerminal(steps: readonly Step[]): void {
    this.#steps = steps;
  }

  /** Runs a line in the shell, as it is now. */
  async run(line: string, stdin?: string): Promise<RunResult> {
    if (this.#steps && line === this.line) return this.#ask(line, this.#steps);
    const env = this.env;
    const given = stdin === undefined ? {} : { stdin };
    return this.world.sh(this.#script(line), { env, cwd: this.home, shell: this.shell, ...given });
  }

  /** Types a command of advice: on a terminal where it asks something. */
  async type(command: string): Promise<RunResult> {
    if (/^(?:unset|export|eval) /.test(command)) {
      this.typed.push(command);
      return { code: 0, signal: null, stdout: "", stderr: "" };
    }
    const steps = this.answers.find(([words]) => words.test(command))?.[1];
    if (!steps) return this.run(command, this.pipes.find(([words]) => words.test(command))?.[1]);
    return this.#ask(command, steps);
  }

  /** Writes a file of the person's below its home. */
  file(name: string, text: string, mode = 0o600): string {
    const path = name.startsWith("/") ? name : `${this.home}/${name}`;
    mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  async end(): Promise<void> {
    for (const undo of this.ends.reverse()) await undo();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #ask(command: string, steps: readonly Step[]): Promise<RunResult> {
    const { code, screen } = await onTerminal([this.#script(command)], steps, {
      env: { ...this.world.env, ...this.env, NO_COLOR: "1" },
      cwd: this.home,
      program: this.shell,
      timeoutMs: 8_000,
    });
    return { code, signal: null, stdout: screen, stderr: screen };
  }

  #script(line: string): string {
    const before = this.typed.map((command) => `${command} >/dev/null 2>&1 </dev/null`);
    return [...before, line].join("\n");
  }
}

/** The world as on the first day: nothing stored, nobody signed in, no fault. */
export async function cleared(world: World, vendors: Vendors): Promise<void> {
  world.keyring.thaw();
  await world.keyring.whole();
  await world.keyring.unlock();
  await world.sh("secret-tool clear service gumloop-cli; secret-tool clear service gum-cred");
  world.server.reset();
  vendors.reset();
}
