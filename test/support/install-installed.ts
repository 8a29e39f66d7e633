/** An installation that is there already, and the newer release that must not get into its place. */
import { afterAll, beforeAll, expect } from "bun:test";
import type { RunOptions, RunResult } from "./binary.ts";
import { type Ground, INSTALLED, makeGround, snapshot } from "./install.ts";
import { makeStandInRelease } from "./install-release.ts";

export interface Installed {
  readonly ground: Ground;
  /** The folder of release 2.0.0; its programs are stand-ins, for nothing here gets as far as running a good one. */
  readonly newer: string;
  /** Where release 1.0.0 is installed. */
  readonly prefix: string;
  /** Expects that nothing of it has changed, and that nothing temporary is left. */
  unchanged(): void;
  /** Expects a refusal to install from there, for a reason, that changes nothing; returns what was said. */
  refused(from: string, options?: RunOptions, shell?: readonly string[]): Promise<RunResult>;
}

/** Makes it before all tests of the file and takes it away after. */
export function useInstalled(): Installed {
  let ground: Ground | undefined;
  let before: Record<string, string> = {};
  const made = (): Ground => {
    if (ground === undefined) throw new Error("it is there inside tests only");
    return ground;
  };
  const installed: Installed = {
    get ground() {
      return made();
    },
    get newer() {
      return `${made().folder}/newer`;
    },
    get prefix() {
      return `${made().folder}/installed`;
    },
    unchanged() {
      expect(snapshot(installed.prefix)).toEqual(before);
      expect(snapshot(made().tmp)).toEqual({});
    },
    async refused(from, options = {}, shell = ["/bin/sh"]) {
      const result = await made().install(shell, ["--from", from, "--prefix", installed.prefix], options);
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain("install.sh: ");
      installed.unchanged();
      return result;
    },
  };
  beforeAll(async () => {
    ground = makeGround();
    const older = `${ground.folder}/older`;
    makeStandInRelease(older, "1.0.0");
    makeStandInRelease(installed.newer, "2.0.0");
    await ground.install(["sh"], ["--from", older, "--prefix", ground.fresh("installed")]);
    before = snapshot(installed.prefix);
    expect(Object.keys(before)).toEqual([...INSTALLED]);
  });
  afterAll(() => ground?.remove());
  return installed;
}
