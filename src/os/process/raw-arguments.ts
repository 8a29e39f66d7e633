/**
 * The bytes of our own arguments. JavaScript's strings hold U+FFFD wherever an argument is not UTF-8,
 * such as a file name of an older system; the kernel still has the bytes. Linux only.
 */
import { fail } from "../../core/errors.ts";
import { cString } from "../native/libc.ts";

/**
 * The last arguments of this process, each with its closing NUL. Throws E_OWN_FAILURE when bytes were lost
 * and cannot be recovered.
 */
export function rawArguments(last: readonly string[]): readonly Uint8Array[] {
  const plain: Uint8Array[] = [];
  for (const text of last) if (!text.includes("\ufffd")) plain.push(cString(text));
  if (plain.length === last.length) return plain;
  const raw = process.platform === "linux" ? commandLine().slice(-last.length) : [];
  return last.map((text, index) => {
    const bytes = raw[index];
    // The same text for the same place, or these are not our arguments.
    if (bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, -1)) === text)
      return bytes;
    if (text.includes("\ufffd"))
      throw fail("E_OWN_FAILURE", "an argument is not UTF-8 and cannot be passed on");
    return cString(text);
  });
}

function commandLine(): Uint8Array[] {
  const bytes = ownCommandLine();
  const strings: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start) + 1 || bytes.length;
    strings.push(bytes.slice(start, end));
    start = end;
  }
  return strings;
}

function ownCommandLine(): Uint8Array {
  try {
    return new Uint8Array(process.getBuiltinModule("node:fs").readFileSync("/proc/self/cmdline"));
  } catch {
    return new Uint8Array(); // no /proc
  }
}
