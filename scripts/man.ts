/** Writes the manual page: `bun scripts/man.ts [FILE]`, dist/gum-cred.1 without one. */
import { resolve } from "node:path";
import { manPage } from "../src/cli/man.ts";
import { allCommands } from "../src/cli/program.ts";

const root = resolve(import.meta.dir, "..");
const { version } = await Bun.file(`${root}/package.json`).json();
await Bun.write(process.argv[2] ?? `${root}/dist/gum-cred.1`, manPage(await allCommands(), version));
