/** The Windows half of the lock, as a Windows program under Wine. */
import { afterAll, expect, test } from "bun:test";
import { closeWine, openWine, type WineProcess } from "../support/wine/wine.ts";

afterAll(closeWine);

async function firstLine(child: WineProcess): Promise<string> {
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text.trim();
}

test("is one process's at a time, bounded in waiting, and free when its holder is killed", async () => {
  const wine = await openWine();
  const exe = await wine.compileBun(`${import.meta.dir}/../support/lock-program.ts`);
  const windowsPath = (path: string) => `Z:${path.replaceAll("/", "\\")}`;
  const start = (timeoutMs: string, folder = `${wine.folder}/locks`) =>
    wine.start(exe, [windowsPath(folder), timeoutMs]);
  const holder = start("5000");
  expect(await firstLine(holder)).toBe("locked");
  expect(await firstLine(start("300"))).toBe("E_LOCK_TIMEOUT");
  const waiting = start("20000");
  await Bun.sleep(1_500);
  holder.kill("SIGKILL");
  expect(await firstLine(waiting)).toBe("locked");
  waiting.stdin.end();
  await waiting.exited;
  expect(await firstLine(start("0"))).toBe("locked");
  expect(await firstLine(start("0", "/proc/none"))).toBe("E_UNSAFE_FILE");
}, 120_000);
