/**
 * PowerShell. The prompt is a function, which the hook wraps; `$?` cannot be assigned, so that a failed command is followed
 * by an ignored error. Source: about_Prompts, about_Automatic_Variables.
 */
import { PAUSE_S, RENEW_S } from "./hook.ts";

export const powershell = `if (-not $global:GumCredPrompt) {
  $global:GumCredPrompt = $function:prompt
  $global:GumCredNext = 0
  function global:prompt {
    $ok = $?
    $last = $global:LASTEXITCODE
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $expires = 0L
    $known = [long]::TryParse($env:GUM_CRED_EXPIRES, [ref]$expires)
    if ($global:GumCredNext -eq 0 -or ($known -and $now -ge $global:GumCredNext -and $now + ${RENEW_S} -ge $expires)) {
      $global:GumCredNext = $now + ${PAUSE_S}
      $program = Get-Command gum-cred -CommandType Application -ErrorAction Ignore | Select-Object -First 1
      if ($program) {
        $made = & $program env --no-input --renew --format powershell 2>$null | Out-String
        if ($LASTEXITCODE -eq 0) { Invoke-Expression $made }
      }
    }
    $global:LASTEXITCODE = $last
    if (-not $ok) { Write-Error 'failed' -ErrorAction Ignore }
    & $global:GumCredPrompt
  }
}
`;
