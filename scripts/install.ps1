#Requires -Version 5.1
<#
.SYNOPSIS
Installs gum-cred for Windows. For Linux and macOS there is install.sh.
.DESCRIPTION
Believes nothing that SHA256SUMS of the release does not vouch for, and changes nothing before everything is checked.
Needs what Windows 10 1809 has: Windows PowerShell 5.1 and curl.exe. All of it is functions but the last line, which
is no command until its last character has come: a download that was cut runs nothing.
.PARAMETER From
The folder or https URL where SHA256SUMS and the archives of a release are. http only from 127.0.0.1 or [::1].
.PARAMETER Prefix
Where to. Default: %LOCALAPPDATA%\Programs\gum-cred
.PARAMETER NoCompletions
Without the completion script.
.PARAMETER NoPath
Leaves your PATH alone. Otherwise Prefix\bin is added to the user's PATH.
.PARAMETER AddToProfile
Adds a line to your PowerShell profile that loads the completions.
.PARAMETER Uninstall
Removes what was installed, and the lines in PATH and profile. Stored credentials stay.
.EXAMPLE
.\install.ps1 -From C:\Downloads\release -AddToProfile
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [ValidateNotNullOrEmpty()]
    [string] $From = 'https://github.com/gum-cred/gum-cred/releases/latest/download',
    [string] $Prefix,
    [switch] $NoCompletions,
    [switch] $NoPath,
    [switch] $AddToProfile,
    [switch] $Uninstall
)

function Install-GumCred {
    Assert-Source
    $target = Get-Target
    $work = New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) "gum-cred-$([guid]::NewGuid())")
    $new = Join-Path $bin "gum-cred-new-$PID.exe"
    try {
        $sums = Get-ReleaseFile 'SHA256SUMS' $work.FullName
        $archive, $expected = Find-Archive $sums $target
        $file = Get-ReleaseFile $archive $work.FullName
        Assert-Sum $file $expected
        Expand-Archive -LiteralPath $file -DestinationPath $work.FullName
        $contents = Join-Path $work.FullName ($archive -replace '\.zip$')

        New-Item -ItemType Directory -Force -Path $bin | Out-Null
        Copy-Item -LiteralPath (Join-Path $contents 'gum-cred.exe') -Destination $new
        $version = & $new --version
        if ($LASTEXITCODE -ne 0) { throw "gum-cred for $target does not start here (exit code $LASTEXITCODE). Nothing was changed." }
        Move-Program $new
        Write-Output "Installed $version ($target):" "  $program"
        if (-not $NoCompletions) {
            New-Item -ItemType Directory -Force -Path (Split-Path $completions) | Out-Null
            Copy-Item -Force -LiteralPath (Join-Path $contents 'completions\gum-cred.ps1') -Destination $completions
            Write-Output "  $completions"
        }
    }
    finally {
        Remove-Item -Force -LiteralPath $new -ErrorAction SilentlyContinue
        Remove-Item -Recurse -Force -LiteralPath $work.FullName -ErrorAction SilentlyContinue
    }
    if (-not $NoPath) { Add-UserPath }
    if (-not $NoCompletions) { Add-ProfileLine }
    Write-Output "To undo it: install.ps1 -Uninstall -Prefix $(ConvertTo-Word $Prefix)"
}

function Uninstall-GumCred {
    if (-not (Test-Path -LiteralPath $program)) { throw "gum-cred is not installed in $Prefix; -Prefix names another folder." }
    Remove-Item -Force -LiteralPath $program
    Remove-Leftovers
    Remove-Item -Force -LiteralPath $completions -ErrorAction SilentlyContinue
    foreach ($folder in $bin, (Split-Path $completions), $Prefix) {
        if ((Test-Path -LiteralPath $folder) -and -not (Get-ChildItem -Force -LiteralPath $folder)) { Remove-Item -LiteralPath $folder }
    }
    Remove-UserPath
    Remove-ProfileLine
    Write-Output "gum-cred is gone from $Prefix."
    Write-Output "Stored credentials are still in the Credential Manager; 'gum-cred logout --all-profiles' would have removed Gumloop's."
}

# --- Where from ---

# http is for a literal loopback address alone: nobody on the way can then change what comes.
function Assert-Source {
    if ($From -cmatch '\Ahttps://' -or $From -cmatch '\Ahttp://(127\.0\.0\.1|\[::1\])(:[0-9]+)?(/|\z)') { return }
    if ($From -match '\A[A-Za-z][A-Za-z0-9+.-]+://') { throw "Refused: '$From' is neither https nor http to 127.0.0.1 or [::1]." }
    if (-not (Test-Path -LiteralPath $From -PathType Container)) { throw "There is no folder '$From'." }
}

# One file of the release into the work folder. curl.exe, a part of Windows since 1803, can be told that a redirect
# stays on https; Invoke-WebRequest of Windows PowerShell cannot.
function Get-ReleaseFile([string] $name, [string] $folder) {
    $destination = Join-Path $folder $name
    if ($From -cnotmatch '\Ahttps?://') {
        $source = Join-Path $From $name
        if (-not (Test-Path -LiteralPath $source -PathType Leaf)) { throw "There is no $name in $From." }
        Copy-Item -LiteralPath $source -Destination $destination
        return $destination
    }
    $url = "$($From.TrimEnd('/'))/$name"
    $options = '-qgfsSL', '--proto', '=https', '--connect-timeout', '30'
    if ($From -cmatch '\Ahttp://') { $options = '-qgfsS', '--noproxy', '*', '--connect-timeout', '30' }
    & (Join-Path $env:SystemRoot 'System32\curl.exe') @options -o $destination $url
    if ($LASTEXITCODE -ne 0) { throw "Cannot download $url." }
    return $destination
}

# --- What for ---

function Get-Target {
    # The machine's own answer: an emulated process is told another one in its environment.
    $machine = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    $cpu = (Get-ItemProperty -LiteralPath $machine).PROCESSOR_ARCHITECTURE
    switch ($cpu) {
        'ARM64' { return 'windows-arm64' }
        'AMD64' { if (Test-Avx2) { return 'windows-x64' } else { return 'windows-x64-baseline' } }
    }
    throw "gum-cred is not built for Windows on $cpu."
}

# PF_AVX2_INSTRUCTIONS_AVAILABLE is 40 (Microsoft, "IsProcessorFeaturePresent"). A Windows that does not know it says no.
function Test-Avx2 {
    $declaration = '[DllImport("kernel32.dll")] public static extern bool IsProcessorFeaturePresent(uint feature);'
    $kernel32 = Add-Type -MemberDefinition $declaration -Name 'Kernel32' -Namespace 'GumCredInstall' -PassThru
    return $kernel32::IsProcessorFeaturePresent(40)
}

# --- Is it the right one ---

# The one line of SHA256SUMS for this target, `HEX  NAME` or `HEX *NAME`: its name and its sum.
function Find-Archive([string] $sums, [string] $target) {
    $pattern = "\A([0-9a-f]{64}) [ *](gum-cred-[A-Za-z0-9._+-]+-$target\.zip)\z"
    $found = @(Get-Content -LiteralPath $sums | Where-Object { $_ -cmatch $pattern })
    if ($found.Count -eq 0) { throw "SHA256SUMS has no archive for $target. Is it a release of gum-cred? $From" }
    if ($found.Count -gt 1) { throw "SHA256SUMS has more than one archive for $target. Nothing was changed." }
    $null = $found[0] -cmatch $pattern
    return $Matches[2], $Matches[1]
}

function Assert-Sum([string] $file, [string] $expected) {
    $actual = (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash.ToLowerInvariant()
    if ($actual -cne $expected) {
        throw "$(Split-Path -Leaf $file) is not the file that SHA256SUMS vouches for (expected $expected, found $actual). Nothing was changed."
    }
}

# --- Into place ---

# Windows lets nobody replace a program that runs, but lets it be renamed. The old one goes when nothing runs it.
function Move-Program([string] $new) {
    $old = Join-Path $bin "gum-cred-old-$([guid]::NewGuid()).exe"
    if (Test-Path -LiteralPath $program) { Move-Item -LiteralPath $program -Destination $old }
    try { Move-Item -LiteralPath $new -Destination $program }
    catch {
        if (Test-Path -LiteralPath $old) { Move-Item -LiteralPath $old -Destination $program }
        throw
    }
    Remove-Leftovers
}

function Remove-Leftovers {
    Get-ChildItem -LiteralPath $bin -Filter 'gum-cred-old-*.exe' | Remove-Item -Force -ErrorAction SilentlyContinue
}

# --- PATH and profile ---

# The user's PATH as it is stored: unexpanded, and of the kind it had.
function Get-UserPath {
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment')
    try { return [string] $key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames) }
    finally { $key.Dispose() }
}

function Set-UserPath([string[]] $folders) {
    $key = [Microsoft.Win32.Registry]::CurrentUser.OpenSubKey('Environment', $true)
    try {
        $kind = [Microsoft.Win32.RegistryValueKind]::ExpandString
        if ($key.GetValueNames() -contains 'Path') { $kind = $key.GetValueKind('Path') }
        $key.SetValue('Path', ($folders -join ';'), $kind)
    }
    finally { $key.Dispose() }
    # Removing a variable that is not there tells running programs to read the environment anew (WM_SETTINGCHANGE).
    [Environment]::SetEnvironmentVariable('GUM_CRED_INSTALL', $null, 'User')
}

function Add-UserPath {
    $folders = @((Get-UserPath) -split ';' | Where-Object { $_ })
    if ($folders -contains $bin) { return }
    Set-UserPath ($folders + $bin)
    Write-Output "Added $bin to your PATH; new windows have it."
}

function Remove-UserPath {
    $folders = @((Get-UserPath) -split ';' | Where-Object { $_ })
    if ($folders -contains $bin) { Set-UserPath @($folders | Where-Object { $_ -ne $bin }) }
}

function Get-ProfileLine {
    return '. {0} # gum-cred' -f (ConvertTo-Word $completions)
}

function Add-ProfileLine {
    $path = $PROFILE.CurrentUserAllHosts
    $line = Get-ProfileLine
    if (-not $AddToProfile) {
        Write-Output "For completions add this line to $($path):" "  $line"
        return
    }
    if ((Test-Path -LiteralPath $path) -and (@(Get-Content -LiteralPath $path) -contains $line)) { return }
    New-Item -ItemType Directory -Force -Path (Split-Path $path) | Out-Null
    Add-Content -LiteralPath $path -Value $line -Encoding utf8
    Write-Output "Added the completions to $path."
}

function Remove-ProfileLine {
    $path = $PROFILE.CurrentUserAllHosts
    if (-not (Test-Path -LiteralPath $path)) { return }
    $line = Get-ProfileLine
    $lines = @(Get-Content -LiteralPath $path)
    if ($lines -contains $line) { Set-Content -LiteralPath $path -Value @($lines | Where-Object { $_ -ne $line }) -Encoding utf8 }
}

# As one word of PowerShell.
function ConvertTo-Word([string] $text) {
    return "'$($text -replace "'", "''")'"
}

# Functions see the variables of whoever calls them, so that this is the same for a file and for a text that is run,
# and nothing is left in the session of the latter but functions.
& {
    Set-StrictMode -Version 2
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    if ($env:OS -ne 'Windows_NT') { throw 'This is for Windows; use install.sh.' }
    if (-not $Prefix) { $Prefix = Join-Path $env:LOCALAPPDATA 'Programs\gum-cred' }
    $Prefix = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Prefix)
    $bin = Join-Path $Prefix 'bin'
    $program = Join-Path $bin 'gum-cred.exe'
    $completions = Join-Path $Prefix 'completions\gum-cred.ps1'
    if ($Uninstall) { Uninstall-GumCred } else { Install-GumCred }
}
