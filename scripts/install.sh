#!/bin/sh
# Installs gum-cred for Linux and macOS: `sh install.sh --help`. For Windows there is install.ps1.
# Believes nothing that SHA256SUMS of the release does not vouch for, and changes nothing before everything is checked.
# POSIX sh without `local`; every variable is global. All of it is functions but the last line, which is no command
# until its last character has come: a download that was cut runs nothing.
set -eu

LATEST=https://github.com/gum-cred/gum-cred/releases/latest/download

usage() {
  cat <<END
Installs gum-cred, its completions and its manual page.

Usage: install.sh [--from FOLDER-OR-URL] [--prefix DIR] [--no-completions]
       install.sh --uninstall [--prefix DIR]

  --from FOLDER-OR-URL  where SHA256SUMS and the archives of a release are
                        (default: $LATEST)
  --prefix DIR          installs into DIR/bin and DIR/share (default: ~/.local; for root /usr/local)
  --no-completions      neither completions nor the manual page
  --uninstall           removes what was installed; stored credentials stay
  --help                this text

Downloads by https only, or by http from 127.0.0.1 or [::1].
END
}

main() {
  umask 022
  export LC_ALL=C
  from=$LATEST prefix='' extras=yes action=install
  while [ $# -gt 0 ]; do
    case $1 in
      --from | --prefix) [ -n "${2:-}" ] || misused "$1 needs a value" ;;
    esac
    case $1 in
      --from) from=$2 && shift ;;
      --from=?*) from=${1#*=} ;;
      --prefix) prefix=$2 && shift ;;
      --prefix=?*) prefix=${1#*=} ;;
      --no-completions) extras=no ;;
      --uninstall) action=uninstall ;;
      -h | --help) usage && return ;;
      *) misused "unknown argument '$1'" ;;
    esac
    shift
  done
  choose_prefix
  work='' staged=''
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "$action"
}

install() {
  check_source
  choose_target
  work=$(mktemp -d)
  get SHA256SUMS
  find_archive
  get "$archive"
  check_sum
  unpack
  stage_all
  check_start
  put_in_place
  report
}

uninstall() {
  [ -f "$prefix/bin/gum-cred" ] || stop "gum-cred is not installed in $prefix" "--prefix names another folder"
  for file in $(installed_files all); do
    rm -f "$prefix/$file"
    remove_empty "${file%/*}"
  done
  say "gum-cred is gone from $prefix." \
    "Stored credentials are still in the keychain; 'gum-cred logout --all-profiles' would have removed Gumloop's."
}

# What goes where below the prefix; where bash-completion, zsh, fish and man look.
installed_files() {
  echo bin/gum-cred
  [ "$1" = no ] || printf '%s\n' share/bash-completion/completions/gum-cred share/zsh/site-functions/_gum-cred \
    share/fish/vendor_completions.d/gum-cred.fish share/man/man1/gum-cred.1
}

# The same file in the archive.
name_in_archive() {
  case $1 in
    bin/*) echo gum-cred ;;
    */bash-completion/*) echo completions/gum-cred.bash ;;
    */zsh/* | */fish/*) echo "completions/${1##*/}" ;;
    */man/*) echo man/gum-cred.1 ;;
  esac
}

choose_prefix() {
  if [ -z "$prefix" ] && [ "$(id -u)" = 0 ]; then prefix=/usr/local; fi
  [ -n "$prefix" ] || prefix=${HOME:?is not set: use --prefix}/.local
  case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
}

# --- Where from ---

# http is for a literal loopback address alone: nobody on the way can then change what comes.
check_source() {
  scheme=${from%%://*}
  [ "$scheme" != "$from" ] || scheme=folder
  case $scheme in
    folder) [ -d "$from" ] || stop "there is no folder '$from'" ;;
    https) need_downloader ;;
    http)
      authority=${from#http://}
      authority=${authority%%[/?#]*}
      case $authority in
        127.0.0.1 | '[::1]') port=0 ;;
        127.0.0.1:* | '[::1]:'*) port=${authority##*:} ;;
        *) port=none ;;
      esac
      case $port in
        '' | *[!0-9]*) stop "refused: '$from' is neither https nor http to 127.0.0.1 or [::1]" ;;
      esac
      need_downloader
      ;;
    *) stop "refused: '$from' is neither a folder nor an https URL" ;;
  esac
  from=${from%/}
}

need_downloader() {
  if has curl; then
    downloader=curl
  elif has wget; then
    downloader=wget
  else
    stop "neither curl nor wget is here" "install one, or download the files elsewhere and use --from FOLDER"
  fi
}

# get NAME: one file of the release into the work folder.
get() {
  if [ "$scheme" = folder ]; then
    [ -f "$from/$1" ] || stop "there is no $1 in $from"
    cat <"$from/$1" >"$work/$1"
  else
    "by_$downloader" "$from/$1" "$work/$1" 2>"$work/messages" || {
      cat "$work/messages" >&2
      stop "cannot download $from/$1"
    }
  fi
}

# Without ~/.curlrc, which may say `insecure`. A redirect, as GitHub's, stays on https.
by_curl() {
  if [ "$scheme" = http ]; then
    curl -qgfsS --noproxy '*' --connect-timeout 30 -o "$2" "$1"
  else
    curl -qgfsSL --proto '=https' --connect-timeout 30 -o "$2" "$1"
  fi
}

# GNU Wget without ~/.wgetrc; it cannot be told that a redirect stays on https. BusyBox has another set of options.
by_wget() {
  case $(wget --version 2>/dev/null || :) in
    *GNU*) options='--no-config --timeout=60 --tries=2' ;;
    *) options='' ;;
  esac
  # shellcheck disable=SC2086 # words on purpose
  if [ "$scheme" = http ]; then
    http_proxy='' wget $options -q -O "$2" "$1"
  else
    wget $options -q -O "$2" "$1" || return
    # BusyBox where it is built with its own TLS, which takes any certificate and says so.
    if grep -q 'certificate validation not implemented' "$work/messages"; then
      echo "this wget checks no certificates: install curl, or download the files elsewhere and use --from FOLDER" >&2
      return 1
    fi
  fi
}

# --- What for ---

choose_target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    MINGW* | MSYS* | CYGWIN*) stop "this is Windows: use install.ps1 in PowerShell" ;;
    *) stop "gum-cred is not built for $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) stop "gum-cred is not built for $(uname -m)" ;;
  esac
  [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] || stop "gum-cred is not built for 32-bit systems"
  # A translated shell says x86_64 on an ARM machine (Apple, "About the Rosetta translation environment").
  if [ $os = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then cpu=arm64; fi
  target=$os-$cpu
  [ $os = linux ] || return 0
  if is_musl; then target=$target-musl; fi
  if [ $cpu = x64 ] && ! grep -qw avx2 /proc/cpuinfo 2>/dev/null; then target=$target-baseline; fi
}

# The system's own ldd decides; the loader alone may be there beside glibc.
is_musl() {
  case $(ldd --version 2>&1 || :) in
    *musl*) return 0 ;;
    *GLIBC* | *GNU*) return 1 ;;
  esac
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do [ ! -e $loader ] || return 1; done
  for loader in /lib/ld-musl-*; do [ ! -e "$loader" ] || return 0; done
  return 1
}

# --- Is it the right one ---

# The one line of SHA256SUMS for this target: `HEX  NAME`, or `HEX *NAME` (coreutils, "md5 invocation").
find_archive() {
  archive='' expected='' others=''
  while read -r sum name || [ -n "$sum" ]; do
    name=${name#\*}
    case $name in
      *[!A-Za-z0-9._+-]*) ;;
      gum-cred-*-"$target".tar.gz)
        [ -z "$archive" ] || others=yes
        archive=$name expected=$sum
        ;;
    esac
  done <"$work/SHA256SUMS"
  [ -n "$archive" ] || stop "SHA256SUMS has no archive for $target" "is it a release of gum-cred? $from"
  [ -z "$others" ] || stop "SHA256SUMS has more than one archive for $target" "nothing was changed"
}

check_sum() {
  if has sha256sum; then
    actual=$(sha256sum <"$work/$archive")
  elif has shasum; then
    actual=$(shasum -a 256 <"$work/$archive")
  elif has openssl; then
    actual=$(openssl dgst -sha256 -r <"$work/$archive")
  else
    stop "none of sha256sum, shasum and openssl is here to check the download with" "install one of them"
  fi
  [ "${actual%% *}" = "$expected" ] || stop "$archive is not the file that SHA256SUMS vouches for" \
    "expected $expected" "found    ${actual%% *}" "nothing was changed; try again, and report it if it stays so"
}

unpack() {
  tar -xzf "$work/$archive" -C "$work" || stop "cannot unpack $archive"
  contents=$work/${archive%.tar.gz}
  for file in $(installed_files "$extras"); do
    [ -f "$contents/$(name_in_archive "$file")" ] || stop "$archive has no $(name_in_archive "$file")"
  done
}

# --- Into place ---

# Everything is written beside where it belongs, so that the last step is renaming alone.
stage_all() {
  staged=yes
  for file in $(installed_files "$extras"); do
    [ ! -d "$prefix/$file" ] || stop "$prefix/$file is a folder"
    case $file in bin/*) mode=755 ;; *) mode=644 ;; esac
    stage || stop "cannot write to $prefix" "use --prefix, or become a user who can"
  done
}

stage() {
  mkdir -p "$prefix/${file%/*}" &&
    cat <"$contents/$(name_in_archive "$file")" >"$(stage_of "$file")" &&
    chmod "$mode" "$(stage_of "$file")"
}

stage_of() {
  echo "$prefix/${1%/*}/.${1##*/}.$$"
}

# In its final folder: one for temporary files may be mounted without the right to execute.
check_start() {
  version=$("$(stage_of bin/gum-cred)" --version </dev/null 2>"$work/messages") && return
  status=$?
  cat "$work/messages" >&2
  case $target in
    *-musl*) stop "gum-cred for $target does not start here (exit code $status)" \
      "it needs libstdc++ and libgcc: apk add libstdc++" "nothing was changed" ;;
    *) stop "gum-cred for $target does not start here (exit code $status)" "nothing was changed" ;;
  esac
}

put_in_place() {
  for file in $(installed_files "$extras"); do mv -f "$(stage_of "$file")" "$prefix/$file"; done
}

clean_up() {
  if [ -n "$staged" ]; then
    for file in $(installed_files "$extras"); do
      rm -f "$(stage_of "$file")"
      remove_empty "${file%/*}"
    done
  fi
  [ -z "$work" ] || rm -rf "$work"
}

# Folders below the prefix that nothing is in, from the given one up. Those of /usr/local belong to the system.
remove_empty() {
  [ "$prefix" != /usr/local ] || return 0
  folder=$1
  while rmdir "$prefix/$folder" 2>/dev/null; do
    case $folder in */*) folder=${folder%/*} ;; *) break ;; esac
  done
}

# --- What to say ---

report() {
  say "Installed $version ($target):"
  for file in $(installed_files "$extras"); do say "  $prefix/$file"; done
  say "To undo it: delete these files, or run install.sh --uninstall --prefix $(quoted "$prefix")"
  [ "$extras" = no ] || report_completions
  found=$(command -v gum-cred || :)
  case ":$PATH:" in
    *":$prefix/bin:"*)
      [ "$found" = "$prefix/bin/gum-cred" ] || say "" "Your PATH finds another one first: ${found:-none}"
      ;;
    *) say "" "$prefix/bin is not on your PATH. Add this line to $(path_line)" ;;
  esac
}

# The line without which the person's shell does not find the completions; nothing where it does by itself or has the line.
report_completions() {
  case ${SHELL:-} in
    */zsh)
      folder=$prefix/share/zsh/site-functions file=.zshrc
      # shellcheck disable=SC2016 # for zsh to expand
      "$SHELL" -fc 'print -rl -- $fpath' </dev/null 2>/dev/null | grep -qxF -- "$folder" && return
      line="fpath=($(quoted "$folder") \$fpath); autoload -Uz compinit && compinit"
      ;;
    */fish)
      folder=$prefix/share/fish/vendor_completions.d file=.config/fish/config.fish
      # Asking fish itself would write its own files.
      case :${XDG_DATA_DIRS:-}:${XDG_DATA_HOME:-${HOME:-}/.local/share}: in *":$prefix/share:"*) return 0 ;; esac
      line="set -p fish_complete_path $(quoted "$folder")"
      ;;
    */bash)
      folder=$prefix/share/bash-completion/completions file=.bashrc
      bash_completion_looks_in && return
      line=". $(quoted "$folder/gum-cred")"
      ;;
    *) return 0 ;;
  esac
  file=${HOME:-~}/$file
  [ ! -r "$file" ] || ! grep -qF -e "$folder" -e "$line" "$file" || return 0
  say "" "For completions add this line to $file:" "  $line"
}

# The package bash-completion looks below these two; without it bash looks nowhere.
bash_completion_looks_in() {
  case $prefix/share in
    /usr/local/share | "${XDG_DATA_HOME:-${HOME:-}/.local/share}") ;;
    *) return 1 ;;
  esac
  for root in /usr /usr/local /opt/homebrew; do
    [ ! -r "$root/share/bash-completion/bash_completion" ] || return 0
  done
  return 1
}

# Which file, and the line, by the person's shell.
path_line() {
  line="export PATH=$(quoted "$prefix/bin"):\"\$PATH\""
  case ${SHELL:-} in
    */fish) file=.config/fish/config.fish line="fish_add_path $(quoted "$prefix/bin")" ;;
    */zsh) file=.zshrc ;;
    */bash) file=.bashrc ;;
    *) file=.profile ;;
  esac
  printf '%s:\n  %s' "${HOME:-~}/$file" "$line"
}

# As one word of any shell.
quoted() {
  printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

say() {
  printf '%s\n' "$@"
}

stop() {
  printf 'install.sh: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

misused() {
  printf 'install.sh: %s\n' "$1" "see --help" >&2
  exit 2
}

{ main "$@"; }
