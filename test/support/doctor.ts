/** Runs doctor in a world and reads its JSON, which may never hold a secret. */
import { expect } from "bun:test";
import type { World } from "./world.ts";

export interface Row {
  readonly name: string;
  readonly state: "ok" | "warning" | "problem";
  readonly message: string;
  readonly hint: string | null;
}

export interface Diagnosis {
  readonly code: number | null;
  readonly status: string;
  readonly checks: readonly Row[];
  readonly stderr: string;
  /** The check of that name; throws when there is none. */
  check(name: string): Row;
}

export async function diagnose(
  world: World,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await world.run(["doctor", "--json", ...args], { env });
  expect(stdout).not.toContain("EXAMPLE");
  const { status, checks }: { status: string; checks: Row[] } = JSON.parse(stdout);
  const check = (name: string): Row => {
    const found = checks.find((row) => row.name === name);
    if (!found) throw new Error(`no check '${name}'`);
    return found;
  };
  return { code, status, checks, check, stderr };
}
