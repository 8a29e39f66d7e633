/** Takes a lock in folder argv[2], waiting for argv[3] milliseconds; says so, and keeps it until stdin ends. */
import { GumCredError } from "../../src/core/errors.ts";
import { acquireLock } from "../../src/os/files/lock.ts";

try {
  const lock = await acquireLock(process.argv[2] ?? "", "session-test", Number(process.argv[3]));
  console.log("locked");
  await Bun.stdin.text();
  lock.release();
  console.log("released");
} catch (error) {
  console.log(error instanceof GumCredError ? error.code : `unexpected: ${error}`);
}
process.exit(0);
