/**
 * Starts a service that a Python script plays on a bus. Ready when this returns; the kernel ends it with the test
 * process, however that ends.
 */
import { readFileSync, writeFileSync } from "node:fs";

export interface FakeService {
  /** The methods that were called so far. */
  calls(): readonly string[];
  stop(): Promise<void>;
}

/** `script` is given `options` as JSON and the file to log calls to, and prints a line when it is there. */
export async function startFakeService(
  script: string,
  options: object,
  env: Readonly<Record<string, string>>,
  log: string,
): Promise<FakeService> {
  writeFileSync(log, "");
  const path = `${import.meta.dir}/${script}`;
  const command = ["setpriv", "--pdeathsig", "KILL", "/usr/bin/python3", path, JSON.stringify(options), log];
  const service = Bun.spawn(command, {
    env: { PATH: process.env["PATH"], ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: Bun.file(`${log}.stderr`),
  });
  const { done } = await service.stdout.getReader().read();
  if (done) throw new Error(`${script} does not start`);
  return {
    calls: () => readFileSync(log, "utf8").split("\n").filter(Boolean),
    async stop() {
      service.kill("SIGKILL");
      await service.exited;
    },
  };
}
