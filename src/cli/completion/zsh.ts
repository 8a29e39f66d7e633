/** The completion script for zsh, on the functions of its own completion system (zshcompsys(1), `_arguments`). */
import type { CompletedCommand, CompletedFlag, Group, Model, Values } from "./model.ts";

export function zshScript({ commands, groups, globals, first }: Model): string {
  const alone = commands.filter(
    ({ name }) => !name.includes(" ") && !groups.some((group) => group.name === name),
  );
  return `#compdef gum-cred
# zsh completion for gum-cred. A file _gum-cred in $fpath, or: source <(gum-cred completion zsh)

# What gum-cred lists when asked. The last argument says what, those before it are for compadd.
_gum-cred_list() {
  local -a names
  names=(\${(f)"$(_call_program names gum-cred completion \${@[-1]} 2>/dev/null </dev/null)"})
  compadd "\${(@)@[1,-2]}" -a names
}

_gum-cred() {
  local curcontext=$curcontext state line ret=1 at
  typeset -A opt_args
  local -a words_of globals
  globals=(
${globals.map((flag) => `    ${flagSpec(flag)}`).join("\n")}
  )
  _arguments -C $globals '1: :->command' '*:: :->arguments' && ret=0
  case $state in
    command)
      words_of=(${described(first)})
      _describe -t commands command words_of && ret=0
      ;;
    arguments)
      case $line[1] in
${alone.map((command) => commandCase(command.name, command, 8)).join("\n")}
${groups.map((group) => groupCase(group, commands)).join("\n")}
      esac
      ;;
  esac
  return ret
}

if [[ $funcstack[1] == _gum-cred ]]; then
  _gum-cred "$@"
else
  compdef _gum-cred gum-cred
fi
`;
}

function groupCase({ name, members }: Group, commands: readonly CompletedCommand[]): string {
  const own = commands.find((command) => command.name === name)?.flags.map(flagSpec) ?? [];
  const cases = members.map((member) => {
    const command = commands.find((candidate) => candidate.name === `${name} ${member.name}`);
    return command ? commandCase(member.name, command, 14) : "";
  });
  return `        ${name})
          _arguments -C ${["$globals", ...own].join(" ")} '1: :->command' '*:: :->arguments' && ret=0
          case $state in
            command)
              words_of=(${described(members)})
              _describe -t commands '${name} command' words_of && ret=0
              ;;
            arguments)
              case $line[1] in
${cases.join("\n")}
              esac
              ;;
          esac
          ;;`;
}

function commandCase(word: string, { flags, args, rest }: CompletedCommand, indent: number): string {
  const specs = [
    ...flags.map(flagSpec),
    ...args.map(({ name, values, many }, index) =>
      quoted(`${many ? "*" : index + 1}:${escaped(name)}:${action(values)}`),
    ),
  ];
  const margin = " ".repeat(indent);
  const behindDashes = `${margin}  at=\${words[(i)--]}
${margin}  if ((at < CURRENT)); then
${margin}    words=("\${(@)words[at + 1,-1]}")
${margin}    ((CURRENT -= at))
${margin}    _normal && ret=0
${margin}    return ret
${margin}  fi\n`;
  return `${margin}${word})
${rest ? behindDashes : ""}${margin}  _arguments ${["$globals", ...specs].join(` \\\n${margin}    `)} && ret=0
${margin}  ;;`;
}

function flagSpec({ name, short, summary, placeholder, values }: CompletedFlag): string {
  const about = `[${escaped(summary)}]`;
  if (short) return `${quoted(`(${short} ${name})`)}{${short},${name}}${quoted(about)}`;
  return quoted(
    values === null ? `${name}${about}` : `${name}=${about}:${escaped(placeholder)}:${action(values)}`,
  );
}

function action(values: Values): string {
  switch (values.kind) {
    case "words":
      return `(${values.words.join(" ")})`;
    case "list":
      return `_gum-cred_list ${values.list}`;
    case "files":
      return "_files";
    default:
      return " ";
  }
}

/** `name:summary` words for `_describe`. */
function described(named: readonly { readonly name: string; readonly summary: string }[]): string {
  return named.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(" ");
}

/** What separates the parts of a specification. */
function escaped(text: string): string {
  return text.replace(/[:[\]\\]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
