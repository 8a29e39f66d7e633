/** The completion script for PowerShell, from Windows PowerShell 5.1 on: `Register-ArgumentCompleter -Native`. */
import type { CompletedFlag, Model, Values } from "./model.ts";

export function powershellScript({ commands, groups, globals, first }: Model): string {
  return `# PowerShell completion for gum-cred. Load it with: gum-cred completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'gum-cred', 'gum-cred.exe' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)

  # Flags: null for a switch, else the words that may follow it. @profiles and @providers are asked for.
  $globals = @{
${globals.map((flag) => flagEntry(flag, 4)).join("\n")}
  }
  $commands = @{
${commands
  .map(
    ({ name, flags, args }) => `    ${quoted(name)} = @{
      Flags = @{
${flags.map((flag) => flagEntry(flag, 8)).join("\n")}
      }
      Arguments = @(${args.map(({ values }) => words(values)).join(", ")})
      Many = ${args.some(({ many }) => many) ? "$true" : "$false"}
    }`,
  )
  .join("\n")}
  }
  $groups = @{
${groups.map(({ name, members }) => `    ${quoted(name)} = ${list(members.map((member) => member.name))}`).join("\n")}
  }
  $first = ${list(first.map(({ name }) => name))}

  $command = ''
  $flag = ''
  $count = 0
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    # The word under the cursor is not typed yet.
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $word = $element.ToString()
    $known = $globals + @{}
    if ($commands.ContainsKey($command)) { $known = $globals + $commands[$command].Flags }
    if ($flag) { $flag = '' }
    elseif ($word -eq '--') { return }
    elseif ($known.ContainsKey($word)) { if ($null -ne $known[$word]) { $flag = $word } }
    elseif ($word.StartsWith('-') -and $word.Length -gt 1) { continue }
    elseif (-not $command) { $command = $word }
    elseif ($groups.ContainsKey($command)) { $command = "$command $word" }
    else { $count += 1 }
  }

  $flags = $globals + @{}
  if ($commands.ContainsKey($command)) { $flags = $globals + $commands[$command].Flags }
  $found = @()
  if ($flag) { $found = $flags[$flag] }
  elseif ($wordToComplete.StartsWith('-')) { $found = $flags.Keys }
  elseif (-not $command) { $found = $first }
  elseif ($groups.ContainsKey($command)) { $found = $groups[$command] }
  elseif ($commands.ContainsKey($command)) {
    $arguments = $commands[$command].Arguments
    if ($commands[$command].Many) { $count = [Math]::Min($count, $arguments.Count - 1) }
    if ($count -lt $arguments.Count) { $found = $arguments[$count] }
  }
  foreach ($name in @($found)) {
    if ("$name".StartsWith('@')) { $found = @(gum-cred completion $name.Substring(1) 2>$null) }
  }
  $found | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | Sort-Object | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

function flagEntry({ name, short, values }: CompletedFlag, indent: number): string {
  const value = values === null ? "$null" : words(values);
  // A hashtable's keys are alike in either case, and -V is not -v.
  const names = short && short === short.toLowerCase() ? [name, short] : [name];
  return names.map((each) => `${" ".repeat(indent)}${quoted(each)} = ${value}`).join("\n");
}

/** An empty list leaves files to PowerShell, which offers them of its own accord. */
function words(values: Values): string {
  if (values.kind === "words") return list(values.words);
  return list(values.kind === "list" ? [`@${values.list}`] : []);
}

function list(names: readonly string[]): string {
  return `@(${names.map(quoted).join(", ")})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
