/**
 * Python packages for tests, fetched once and kept under node_modules. Where PyPI cannot be reached, what needs them is
 * left out, and this says so.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { resolve } from "node:path";

const CACHE = resolve(import.meta.dir, "../../node_modules/.cache/gum-cred");
const TIMEOUT_MS = 180_000;

/** A folder for PYTHONPATH that holds these packages (`name==version`) and what they need; null where it cannot be had. */
export function fromPyPi(packages: readonly string[]): string | null {
  const kept = `${CACHE}/pypi-${packages.join("-").replaceAll("==", "-")}`;
  if (existsSync(kept)) return kept;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(`${CACHE}/pypi-new-`);
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--target", work, ...packages];
  const { exitCode } = Bun.spawnSync(pip, { stdout: "ignore", stderr: "ignore", timeout: TIMEOUT_MS });
  if (exitCode === 0) {
    try {
      renameSync(work, kept);
    } catch {
      rmSync(work, { recursive: true, force: true }); // another run was faster
    }
    return kept;
  }
  rmSync(work, { recursive: true, force: true });
  console.error(`${packages.join(", ")} cannot be fetched from PyPI: what needs it is not tested`);
  return null;
}

/** A file in such a folder; null where there is none. */
export function within(folder: string | null, path: string): string | null {
  return folder !== null && existsSync(`${folder}/${path}`) ? `${folder}/${path}` : null;
}
