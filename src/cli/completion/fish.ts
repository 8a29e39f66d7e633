/** The completion script for fish. */
import type { CompletedCommand, CompletedFlag, Model, Values } from "./model.ts";

export function fishScript({ commands, groups, globals, first }: Model): string {
  const all = [...globals, ...commands.flatMap(({ flags }) => flags)];
  const withValue = [...new Set(all.filter(({ values }) => values !== null).map(({ name }) => name))];
  return `# fish completion for gum-cred. Load it with: gum-cred completion fish | source

# What is typed before the cursor: the command's words so far, then how many arguments follow them.
function __gum_cred_state
  set -l command
  set -l count 0
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
    else if contains -- $word ${withValue.join(" ")}
      set skip 1
    else if test "$word" = --
      set command "$command --"
      set count 0
    else if not string match -q -- '-?*' $word
      if contains -- "$command" '' ${groups.map(({ name }) => name).join(" ")}
        set command (string trim -- "$command $word")
      else
        set count (math $count + 1)
      end
    end
  end
  echo $command
  echo $count
end

# Whether this command is typed, and so many arguments behind it.
function __gum_cred_at
  set -l state (__gum_cred_state)
  test "$state[1]" = "$argv[1]"; and contains -- "$argv[2]" '' $state[2]
end

function __gum_cred_list
  command gum-cred completion $argv[1] 2>/dev/null </dev/null
end

# Another command behind --.
function __gum_cred_behind_dashes
  set -l words (commandline -opc) (commandline -ct)
  set -l at (contains -i -- -- $words)
  complete -C (string join -- ' ' (string escape -- $words[(math $at + 1)..-2]) $words[-1])
end

complete -c gum-cred -f
${lines(globals.map((flag) => flagLine(null, flag)))}
${lines(first.map((word) => wordLine("", word)))}
${lines(groups.flatMap(({ name, members }) => members.map((word) => wordLine(name, word))))}
${lines(commands.flatMap(commandLines))}
`;
}

function commandLines({ name, flags, args, rest }: CompletedCommand): readonly string[] {
  const forArgs = args.map(({ values, many }, index) =>
    valueLine(`__gum_cred_at ${quoted(name)}${many ? "" : ` ${index}`}`, values),
  );
  const dashes = `__gum_cred_at ${quoted(`${name} --`)}`;
  const behind = rest ? [`complete -c gum-cred -n ${quoted(dashes)} -xa '(__gum_cred_behind_dashes)'`] : [];
  return [...flags.map((flag) => flagLine(name, flag)), ...forArgs, ...behind];
}

function flagLine(command: string | null, { name, short, summary, values }: CompletedFlag): string {
  const parts = [
    "complete -c gum-cred",
    command === null ? "" : `-n ${quoted(`__gum_cred_at ${quoted(command)}`)}`,
    short ? `-s ${short.slice(1)}` : "",
    `-l ${name.slice(2)}`,
    values === null ? "" : values.kind === "files" ? "-rF" : "-x",
    values === null ? "" : choices(values),
    `-d ${quoted(summary)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function wordLine(
  before: string,
  { name, summary }: { readonly name: string; readonly summary: string },
): string {
  return `complete -c gum-cred -n ${quoted(`__gum_cred_at ${quoted(before)}`)} -a ${name} -d ${quoted(summary)}`;
}

function valueLine(condition: string, values: Values): string {
  if (values.kind === "files") return `complete -c gum-cred -n ${quoted(condition)} -F`;
  return values.kind === "anything" ? "" : `complete -c gum-cred -n ${quoted(condition)} ${choices(values)}`;
}

function choices(values: Values): string {
  if (values.kind === "words") return `-a ${quoted(values.words.join(" "))}`;
  return values.kind === "list" ? `-a '(__gum_cred_list ${values.list})'` : "";
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

function lines(all: readonly string[]): string {
  return all.filter((line) => line !== "").join("\n");
}
