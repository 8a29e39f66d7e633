/** The lines of a log, one at a time: a log of months need not fit into memory. */
import { fail } from "../../core/errors.ts";
import { shownPath } from "../../core/shown-path.ts";

/** A longer line is no log's; what follows up to its end is dropped with it. */
const LONGEST_LINE = 1024 * 1024;

/** Lines without their ends; `-` is stdin. Throws E_FILE_UNREADABLE. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = path === "-" ? Bun.stdin : Bun.file(path);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const bytes of file.stream()) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) rest = rest.slice(0, 1);
      for (const line of lines) yield line.replace(/\r$/, "");
    }
  } catch (error) {
    if (error instanceof Error && "code" in error) {
      throw fail(
        "E_FILE_UNREADABLE",
        `${shownPath(path)} cannot be read`,
        "check the path and its permissions",
      );
    }
    throw error;
  }
  if (rest !== "") yield rest;
}
