/** The completion script for bash, from version 3.2 on. */
import type { CompletedCommand, CompletedFlag, Model, Values } from "./model.ts";

export function bashScript(model: Model): string {
  const { commands, groups, globals, first } = model;
  return `# bash completion for gum-cred. Load it with: eval "$(gum-cred completion bash)"

# What follows a flag; fails for a switch. Arguments: command, flag.
_gum_cred_value() {
  case "$1,$2" in
${lines(commands.flatMap((command) => command.flags.map((flag) => valueCase(command.name, flag))))}
${lines(globals.map((flag) => valueCase("*", flag)))}
    *) return 1 ;;
  esac
}

# The flags of a command.
_gum_cred_flags() {
  case "$1" in
${lines(commands.map((command) => `    ${pattern(command.name)}) REPLY=${quoted(flagNames(command.flags))} ;;`))}
    *) REPLY= ;;
  esac
  REPLY="$REPLY "${quoted(flagNames(globals))}
}

# What an argument of a command can be. Arguments: command, how many stand before it.
_gum_cred_argument() {
  case "$1,$2" in
${lines(commands.flatMap(argumentCases))}
    *) REPLY= ;;
  esac
}

# The second words of a first word; fails when it takes none.
_gum_cred_group() {
  case "$1" in
${lines(groups.map(({ name, members }) => `    ${name}) REPLY=${quoted(namesOf(members))} ;;`))}
    *) return 1 ;;
  esac
}

# Arguments: words or @list, the beginning of what is typed.
_gum_cred_reply() {
  local words=$1 IFS=$' \\t\\n'
  case "$words" in
    @files)
      IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$2"))
      compopt -o filenames 2>/dev/null
      return
      ;;
    @*) words=$(gum-cred completion "\${words#@}" 2>/dev/null </dev/null) ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$2"))
}

_gum_cred() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= group= flag= word i count=0 REPLY=
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash makes three words of --flag=value.
    if [[ $word == "=" ]]; then continue; fi
    if [[ -n $flag ]]; then flag=; continue; fi
    case "$word" in
      --) _gum_cred_behind_dashes "$command" $((i + 1)); return ;;
      -?*) _gum_cred_value "\${command:-$group}" "$word" && flag=$word ;;
      *)
        if [[ -n $command ]]; then count=$((count + 1))
        elif [[ -n $group ]]; then command="$group $word"
        elif _gum_cred_group "$word"; then group=$word
        else command=$word
        fi
        ;;
    esac
  done
  if [[ $cur == "=" ]]; then cur=; fi
  if [[ -n $flag ]]; then _gum_cred_value "\${command:-$group}" "$flag"
  elif [[ $cur == -* ]]; then _gum_cred_flags "\${command:-$group}"
  elif [[ -n $command ]]; then _gum_cred_argument "$command" "$count"
  elif [[ -n $group ]]; then _gum_cred_group "$group"
  else REPLY=${quoted(namesOf(first))}
  fi
  _gum_cred_reply "$REPLY" "$cur"
}

# Another command. Arguments: ours, the index of its first word.
_gum_cred_behind_dashes() {
  case "$1" in
${lines(commands.filter(({ rest }) => rest).map(({ name }) => `    ${pattern(name)}) ;;`))}
    *) return ;;
  esac
  if declare -F _command_offset >/dev/null; then _command_offset "$2"
  elif ((COMP_CWORD == $2)); then COMPREPLY=($(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}"))
  else _gum_cred_reply @files "\${COMP_WORDS[COMP_CWORD]}"
  fi
}

complete -F _gum_cred gum-cred
`;
}

function valueCase(command: string, flag: CompletedFlag): string {
  if (flag.values === null) return "";
  const owner = command === "*" ? "*" : pattern(command);
  return `    ${owner},${flag.name}) REPLY=${quoted(valueText(flag.values))} ;;`;
}

function argumentCases({ name, args }: CompletedCommand): readonly string[] {
  return args.map(
    (spec, index) =>
      `    ${pattern(name)},${spec.many ? "*" : index}) REPLY=${quoted(valueText(spec.values))} ;;`,
  );
}

function valueText(values: Values): string {
  switch (values.kind) {
    case "words":
      return values.words.join(" ");
    case "list":
      return `@${values.list}`;
    case "files":
      return "@files";
    default:
      return "";
  }
}

function flagNames(flags: readonly CompletedFlag[]): string {
  return flags.flatMap(({ name, short }) => (short ? [name, short] : [name])).join(" ");
}

function namesOf(named: readonly { readonly name: string }[]): string {
  return named.map(({ name }) => name).join(" ");
}

function pattern(name: string): string {
  return name.includes(" ") ? `"${name}"` : name;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(all: readonly string[]): string {
  return all.filter((line) => line !== "").join("\n");
}
