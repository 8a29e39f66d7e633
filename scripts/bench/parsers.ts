/**
 * What candidates for parsing the command line add to the start of a program: each parses the same line, in a
 * program of its own that is built as gum-cred is (docs/adr/0002-argument-parser.md).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { compile } from "../build/compile.ts";
import { fairCopies, measure } from "./measure.ts";
import { type Section, timeRow } from "./rows.ts";
import type { Setting } from "./world.ts";

const LINE = ["status", "--profile", "work", "--verify", "--json"];

/** Each prints what it understood, so that nothing can be left out as unused. */
const PROBES: Readonly<Record<string, string>> = {
  "nothing (indexOf)": `
    const at = process.argv.indexOf("--profile");
    console.log(process.argv[2], process.argv[at + 1]);`,
  "arg 5.0.2": `
    import arg from "arg";
    const flags = arg({ "--profile": String, "--verify": Boolean, "--json": Boolean }, { argv: process.argv.slice(2) });
    console.log(flags._[0], flags["--profile"]);`,
  "node:util parseArgs": `
    import { parseArgs } from "node:util";
    const options = { profile: { type: "string" }, verify: { type: "boolean" }, json: { type: "boolean" } };
    const { values, positionals } = parseArgs({ args: process.argv.slice(2), options, allowPositionals: true });
    console.log(positionals[0], values.profile);`,
  "citty 0.1.6": `
    import { defineCommand, runMain } from "citty";
    const args = { profile: { type: "string" }, verify: { type: "boolean" }, json: { type: "boolean" } };
    const status = defineCommand({ args, run: ({ args }) => console.log("status", args.profile) });
    runMain(defineCommand({ meta: { name: "probe" }, subCommands: { status } }));`,
  "commander 14.0.0": `
    import { Command } from "commander";
    const program = new Command("probe");
    program.command("status").option("--profile <name>").option("--verify").option("--json")
      .action(({ profile }) => console.log("status", profile));
    program.parse(process.argv.slice(2), { from: "user" });`,
};

/** Installs the candidates that the project does not use in `folder` (by npm), and measures all of them. */
export async function benchParsers({ empty, folder, rounds }: Setting): Promise<Section> {
  const packages = Object.keys(PROBES).flatMap(
    (name) => /^([a-z]+) ([0-9.]+)$/.exec(name)?.slice(1, 3).join("@") ?? [],
  );
  writeFileSync(`${folder}/package.json`, "{}");
  const npm = Bun.spawnSync(["npm", "install", "--no-audit", "--no-fund", ...packages], { cwd: folder });
  if (npm.exitCode !== 0) throw new Error(`npm install failed: ${npm.stderr}`);

  mkdirSync(`${folder}/probes`);
  const version = { version: "0.0.0", commit: "bench" };
  const cases = Object.entries(PROBES).map(([name, text], index) => {
    const entry = `${folder}/probe-${index}.ts`;
    const outfile = `${folder}/probes/${index}`;
    writeFileSync(entry, text);
    compile({ entries: [entry], outfile, target: null, version, folder });
    return { name, command: [fairCopies(outfile, `${outfile}.copy`), ...LINE] };
  });
  const timing = await measure([{ name: "empty", command: [empty] }, ...cases], rounds);
  return {
    title: "Parsers",
    about: "What a library for the command line adds to the start of a program.",
    rows: cases.map(({ name }) => timeRow(timing(name), timing("empty"))),
  };
}
