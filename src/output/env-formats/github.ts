/**
 * GitHub Actions: stdout masks the secrets in the job's log, and the variables go to the file that $GITHUB_ENV
 * names, for the steps that follow. The file can empty a variable and not remove it.
 * Reference: docs.github.com/actions, "Workflow commands"; github.com/actions/runner,
 * src/Runner.Worker/FileCommandManager.cs (SetEnvFileCommand) for how the file is read.
 */
import type { RawEnvironment } from "../../core/environment.ts";
import { fail } from "../../core/errors.ts";
import { reveal, type Secret } from "../../core/secret.ts";
import { secretValues } from "../secret-values.ts";
import { type EnvFormat, exactValue, type Rendered, unsafe } from "./format.ts";

export const github: EnvFormat = {
  exports: ({ set, unset }, environment) => {
    // A variable that is not set stays so: an empty one is not the same to every program.
    const emptied = unset.filter((name) => environment[name]).map(emptying);
    const entries = [...set].map(([name, value]) => entry(name, value));
    const masks = secretValues({ set }).map((value) => `::add-mask::${escaped(reveal(value))}\n`);
    return rendered(masks.join(""), [...emptied, ...entries].join(""), environment);
  },
  unset: (names, environment) => rendered("", names.map(emptying).join(""), environment),
};

function rendered(stdout: string, text: string, environment: RawEnvironment): Rendered {
  const path = environment["GITHUB_ENV"];
  if (!path) {
    throw fail(
      "E_USAGE",
      "GITHUB_ENV is not set, so there is no file to write to",
      "--format github is for a step of a GitHub Actions workflow; elsewhere choose another format",
    );
  }
  return { stdout, append: { path, text } };
}

function entry(name: string, value: Secret): string {
  const text = exactValue(name, value);
  // The runner on Windows takes a carriage return at the end for half of the line break.
  if (text.endsWith("\r")) throw unsafe(name);
  if (!/[\r\n]/.test(text)) return `${name}=${text}\n`;
  const delimiter = `gum-cred-${crypto.randomUUID()}`;
  return `${name}<<${delimiter}\n${text}\n${delimiter}\n`;
}

function emptying(name: string): string {
  return `${name}=\n`;
}

/** A workflow command's data: github.com/actions/toolkit, packages/core/src/command.ts. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
