/**
 * Which variable names an installed plugin may claim. What it claims is read as its key, exported by `env`
 * and removed when it would shadow, so a name that steers a shell, a loader or another program is refused.
 * Pure data and one question; docs/plugins.md shows the same lists and a test holds the two together.
 */

/** Names refused as they stand, by what they steer. */
export const STEERING_NAMES: Readonly<Record<string, readonly string[]>> = {
  shells: words(
    "PATH HOME SHELL IFS ENV PWD OLDPWD CDPATH USER LOGNAME UID EUID GID EGID PPID SHLVL HOSTNAME HOST MAIL " +
      "MAILPATH MAILCHECK OPTIND OPTARG OPTERR RANDOM SECONDS LINENO FUNCNEST FUNCNAME SHELLOPTS GLOBIGNORE " +
      "FIGNORE FPATH ZDOTDIR INPUTRC FCEDIT PS0 PS1 PS2 PS3 PS4 PROMPT RPROMPT TMOUT EXECIGNORE DIRSTACK " +
      "PIPESTATUS REPLY COLUMNS LINES POSIXLY_CORRECT KEYTIMEOUT WORDCHARS NULLCMD READNULLCMD",
  ),
  "terminals and languages": words(
    "TERM TERMCAP TERMINFO TERMINFO_DIRS COLORTERM LANG LANGUAGE LOCPATH NLSPATH TZ TZDIR NO_COLOR " +
      "FORCE_COLOR CLICOLOR CLICOLOR_FORCE DISPLAY XAUTHORITY",
  ),
  "programs that others start": words(
    "EDITOR VISUAL PAGER BROWSER LESSOPEN LESSCLOSE LESS MANPAGER MANPATH MANOPT SYSTEMD_EDITOR VIMINIT " +
      "EXINIT EMACSLOADPATH ASKPASS CC CXX CPP LD AR AS MAKEFLAGS MFLAGS MAKEFILES MAKELEVEL CFLAGS CXXFLAGS " +
      "CPPFLAGS LDFLAGS LIBPATH SHLIB_PATH CLASSPATH",
  ),
  "loaders and name lookup": words(
    "GCONV_PATH GETCONF_DIR HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_HOST_CONF NIS_PATH TMPDIR TMP TEMP " +
      "TEMPDIR COMSPEC PATHEXT SYSTEMROOT SYSTEMDRIVE WINDIR APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES " +
      "USERPROFILE USERNAME HOMEDRIVE HOMEPATH ALLUSERSPROFILE PUBLIC PSMODULEPATH",
  ),
  "language runtimes": words(
    "GOFLAGS GOPATH GOROOT GOBIN GOPROXY GOENV GODEBUG GONOSUMDB GOINSECURE GOPRIVATE GOTOOLCHAIN GOSUMDB " +
      "JAVA JDK R_PROFILE R_ENVIRON TCLLIBPATH GUILE_LOAD_PATH CI VIRTUAL_ENV",
  ),
  "certificates and other programs' sign-in": words(
    "REQUESTS_CA_BUNDLE CA_BUNDLE GNUPGHOME KUBECONFIG NETRC WGETRC BOTO_CONFIG PGPASSWORD PGSERVICE " +
      "MYSQL_PWD SVN_SSH CVS_RSH RSYNC_RSH",
  ),
};

/** Families refused by how the name begins. */
export const STEERING_PREFIXES = words(
  "LD_ DYLD_ BUN_ NODE_ NPM_ YARN_ PNPM_ COREPACK_ DENO_ PYTHON PIP_ UV_ CONDA_ PERL RUBY GEM_ BUNDLE_ JAVA_ " +
    "JDK_ MAVEN_ GRADLE_ LUA_ PHP CARGO_ RUST DOTNET_ CORECLR_ COMPLUS_ NUGET_ ERL_ ELIXIR_ GIT_ SSH_ GPG_ " +
    "GUMLOOP_ GUM_CRED_ XDG_ DBUS_ LC_ BASH ZSH KSH HIST PROMPT_ VIM SUDO_ DOAS_ SYSTEMD_ MALLOC_ GLIBC_ " +
    "GUIX_ NIX_ OPENSSL_ SSL_ CURL_ WGET_ GNUTLS_ NSS_ GTK_ GIO_ GSETTINGS_ G_ QT_ KDE_ WAYLAND_ DOCKER_ " +
    "BUILDKIT_ COMPOSE_ KUBE HELM_ CLOUDSDK_ VAULT_ GH_ GITHUB_ GITLAB_ ACTIONS_ RUNNER_ CI_ FISH_ CMAKE_ ASAN_",
);

/** Families refused by how the name ends: no key is named so, and much that steers is. */
export const STEERING_SUFFIXES = words(
  "_PROXY _FILE _PATH _HOME _DIR _OPTIONS _OPTS _FLAGS _PRELOAD _EDITOR _PAGER _SHELL _ASKPASS _BASE_URL " +
    "_ENDPOINT _CA_BUNDLE _CERT _CONFIG",
);

const FORM = /^[A-Z][A-Z0-9_]*$/;
const LONGEST = 128;

/** What a variable name looks like, for schemas. */
export const VARIABLE_PATTERN = FORM.source;

/** Why a plugin may not claim this variable; null when it may. The name itself is not quoted. */
export function variableProblem(name: string): string | null {
  if (!FORM.test(name) || name.length > LONGEST) {
    return `a variable is named by A-Z, 0-9 and '_', begins with a letter and has at most ${LONGEST}`;
  }
  for (const [what, names] of Object.entries(STEERING_NAMES)) {
    if (names.includes(name)) return `the name steers other programs (${what})`;
  }
  // Amazon Bedrock's own API key is the one AWS variable that is the key of an LLM vendor.
  if (name.startsWith("AWS_") && !name.startsWith("AWS_BEARER_TOKEN_")) {
    return "names that begin with 'AWS_' steer other programs";
  }
  const prefix = STEERING_PREFIXES.find((start) => name.startsWith(start));
  if (prefix !== undefined) return `names that begin with '${prefix}' steer other programs`;
  const suffix = STEERING_SUFFIXES.find((end) => name.endsWith(end));
  return suffix === undefined ? null : `names that end in '${suffix}' are not the name of a key`;
}

function words(text: string): readonly string[] {
  return text.split(" ");
}
