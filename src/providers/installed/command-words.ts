/**
 * What the words of a manifest's command refer to: files by which it could be changed after it was trusted, and code
 * that is given as an argument. Pure text to text; what is on the disk is pins.ts's to find out.
 */

/** Programs that run what an argument says: shells, interpreters, and programs that start others. */
const INTERPRETERS =
  /^(?:(?:ba|da|z|k|mk|fi|tc|c|a|pdk)?sh|busybox|toybox|python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node(?:js)?|bun|deno|php[\d.]*|lua[\d.]*|luajit|tclsh[\d.]*|expect|awk|[gmn]awk|sed|guile[\d.]*|Rscript|julia|elixir|erl|java|groovy|scala|kotlin|osascript|pwsh|powershell|cmd|wscript|cscript|nu|xonsh|elvish|emacs|vim?|nvim|ed|jq|make|gdb|ssh)(?:\.exe)?$/i;

/** Programs that start the program which their arguments name, found by PATH. */
const STARTERS =
  /^(?:env|xargs|find|nice|nohup|setsid|stdbuf|timeout|time|sudo|doas|su|runuser|chroot|unshare|nsenter|setpriv|ionice|chrt|taskset|flock|script|watch|parallel|strace|ltrace|ld(?:-linux.*|\.so.*)|systemd-run|dbus-run-session|firejail|bwrap)$/i;

/** `-c`, also within a cluster such as `-lc`; `-e`, `-E`, `-r`, `-p`, `-m`; and their long forms. */
const INLINE =
  /^(?:-[A-Za-z]*[ceErpm](?:$|[^A-Za-z0-9-].*)|-[ceEmr].+|--(?:eval|print|exec|command|code|run|module|expression|source|require|import|init-file|rcfile|load)(?:=.*)?|\/[cCkK]|-(?:Command|EncodedCommand|enc|ec))$/;

/**
 * Why the command can run code that no pin covers; null when there is no such reason. `at` is the word's place.
 * Programs that are not known as interpreters may have options of these names.
 */
export function inlineCode(command: readonly string[]): { readonly at: number; readonly why: string } | null {
  const interpreter = command.findIndex((word) => INTERPRETERS.test(baseName(word)));
  const starter = command.findIndex((word) => STARTERS.test(baseName(word)));
  if (starter === 0) {
    const why = "starts a program that its arguments name; name that program by its absolute path instead";
    return { at: 0, why };
  }
  if (interpreter < 0) return null;
  const at = command.findIndex((word, index) => index > interpreter && INLINE.test(word));
  if (at > 0) return { at, why: "is code, or a module to load, which cannot be pinned; put it into a file" };
  // awk, sed, jq, make and their kin take their program as the first plain argument.
  const takesProgram = /^(?:[gmn]?awk|sed|jq)$/i.test(baseName(command[interpreter] ?? ""));
  if (!takesProgram) return null;
  return { at: interpreter, why: "takes its program as an argument, which cannot be pinned" };
}

/**
 * Everything in a word that would be a path where the program runs, which is `/`: the word itself, what follows `=`,
 * an option's letter or `@`, and absolute paths anywhere in it. Absolute, each once; most of them do not exist.
 */
export function pathsInWord(word: string): readonly string[] {
  const found = new Set<string>();
  const add = (path: string): void => {
    if (path !== "" && !path.includes("\0")) found.add(path.startsWith("/") ? path : `/${path}`);
  };
  if (!word.startsWith("-")) add(word);
  for (const [, path = ""] of word.matchAll(/(?<![^\s'"`=,:;@()<>|&{}[\]])(\/[^\s'"`;|&<>(){}]*)/g)) {
    add(path);
    for (const part of path.split(/[,:=]/)) if (part.startsWith("/")) add(part);
  }
  const attached = /^-[A-Za-z]([^-].*)$/.exec(word)?.[1];
  if (attached?.includes("/")) add(attached);
  const assigned = /^[^=]*=(.+)$/.exec(word)?.[1];
  if (assigned !== undefined) add(assigned);
  if (word.startsWith("@")) add(word.slice(1));
  return [...found];
}

function baseName(word: string): string {
  return word.slice(Math.max(word.lastIndexOf("/"), word.lastIndexOf("\\")) + 1);
}
