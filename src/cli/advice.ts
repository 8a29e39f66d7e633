/** Advice for the command line of this process: the one place that errors, warnings, notes and rows go through. */
import { type Advice, adviceFor } from "./hints.ts";

let names: readonly string[] = [];
let made: Advice | undefined;

/** Says which commands there are. Handed over at the start: the commands give advice themselves. */
export function knowCommands(program: readonly { readonly name: string }[]): void {
  names = program.map(({ name }) => name);
}

/** Made when there is something to say: most runs have no need of it. */
export function advice(): Advice {
  made ??= adviceFor(process.argv.slice(2), names);
  return made;
}
