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
      "EXINIT EMACSLOADPATH ASKPASS CC CXX CPP LD AR AS NM RANLIB STRIP MAKE MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKEFILES " +
      "MAKELEVEL MAKEOVERRIDES CFLAGS CXXFLAGS FFLAGS CPPFLAGS LDFLAGS LDLIBS LIBPATH SHLIB_PATH CLASSPATH CPATH " +
      "TEXINPUTS BIBINPUTS BSTINPUTS TEXMFCNF TERMINAL GREP_COLORS LS_COLORS SCREENRC TMUX LESSKEYIN " +
      "BAT_STYLE TAPE POSIX_ME_HARDER GZIP BZIP BZIP2 ZIPOPT UNZIP SQLPATH PSQLRC ODBCINI ODBCSYSINI TNS_ADMIN " +
      "HGRCPATH HGPLAIN HGMERGE DEBUG",
  ),
  "loaders and name lookup": words(
    "GCONV_PATH GETCONF_DIR HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_HOST_CONF NIS_PATH TMPDIR TMP TEMP " +
      "TEMPDIR COMSPEC PATHEXT SYSTEMROOT SYSTEMDRIVE WINDIR APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES " +
      "USERPROFILE USERNAME HOMEDRIVE HOMEPATH ALLUSERSPROFILE PUBLIC PSMODULEPATH PSEXECUTIONPOLICYPREFERENCE " +
      "WSLENV MSYS CYGWIN SDKROOT DEVELOPER_DIR NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES",
  ),
  "language runtimes": words(
    "GOFLAGS GOPATH GOROOT GOBIN GOPROXY GOENV GODEBUG GONOSUMDB GOINSECURE GOPRIVATE GOTOOLCHAIN GOSUMDB " +
      "JAVA JDK TCLLIBPATH GUILE_LOAD_PATH CI VIRTUAL_ENV CGO_ENABLED",
  ),
  "certificates and other programs' sign-in": words(
    "REQUESTS_CA_BUNDLE CA_BUNDLE GNUPGHOME KUBECONFIG NETRC WGETRC BOTO_CONFIG SVN_SSH CVS_RSH CVSROOT " +
      "CVS_SERVER SSLKEYLOGFILE",
  ),
};

/** Families refused by how the name begins. */
export const STEERING_PREFIXES = words(
  "LD_ DYLD_ BUN_ NODE_ NPM_ YARN_ PNPM_ COREPACK_ DENO_ PYTHON PIP_ UV_ CONDA_ PERL RUBY GEM_ BUNDLE_ JAVA_ " +
    "JDK_ MAVEN_ GRADLE_ LUA_ PHP CARGO_ RUST DOTNET_ CORECLR_ COMPLUS_ NUGET_ ERL_ ELIXIR_ GIT_ SSH_ GPG_ " +
    "GUMLOOP_ GUM_CRED_ XDG_ DBUS_ LC_ BASH ZSH KSH HIST PROMPT_ VIM SUDO_ DOAS_ SYSTEMD_ MALLOC_ GLIBC_ " +
    "GUIX_ NIX_ OPENSSL_ SSL_ CURL_ WGET_ GNUTLS_ NSS_ GTK_ GIO_ GSETTINGS_ G_ QT_ KDE_ WAYLAND_ DOCKER_ " +
    "BUILDKIT_ COMPOSE_ KUBE HELM_ CLOUDSDK_ VAULT_ GH_ GITHUB_ GITLAB_ ACTIONS_ RUNNER_ CI_ FISH_ CMAKE_ ASAN_ " +
    // Loaders of drivers and layers into any graphical or computing program.
    "VK_ LIBGL_ MESA_ EGL_ GALLIUM_ OCL_ OPENCL_ CUDA_ ROCR_ HIP_ SDL_ ALSA_ PULSE_ PIPEWIRE_ GST_ GDK_ PANGO_ " +
    "IBUS_ MOZ_ CHROME_ WEBKIT_ WEBVIEW2_ ELECTRON_ VSCODE_ " +
    // Builders, and their wrappers.
    "GCC_ COLLECT_ CCACHE DISTCC SCCACHE BAZEL MSBUILD COR_ ANT_ SBT_ KOTLIN_ GROOVY_ JULIA_ OCAML CAML GHC " +
    "CABAL_ STACK_ OPAM R_ PKG_ ACLOCAL AUTOMAKE AUTOCONF M4 CGO_ OBJC_ XCODE ANDROID_ " +
    // Debuggers, tracers and emulators.
    "LSAN_ TSAN_ MSAN_ UBSAN_ VALGRIND_ GDB DEBUGINFOD_ QEMU_ WINE FAKEROOT BPFTRACE_ LIBC_ " +
    // Infrastructure, databases and version control.
    "TF_ TERRAGRUNT_ TOFU_ PULUMI_ PACKER_ VAGRANT_ ANSIBLE_ NOMAD_ CONSUL_ BAO_ CHEF_ PUPPET_ RSYNC_ SVN_ P4 PG " +
    "MYSQL REDISCLI_ MONGO LDAP SASL_ KRB5 GSS_ P11_ PKCS11_ OTEL_ " +
    // What picks a version of a program, and what steers programs that use LLM keys.
    "ASDF_ MISE_ NVM_ VOLTA_ RBENV_ PYENV_ SDKMAN_ DIRENV_ STARSHIP_ FZF_ JUPYTER_ IPYTHON PYTEST_ DJANGO_ FLASK_ " +
    "CLAUDE_ CODEX_ OPENCODE_ MCP_",
);

/** Families refused by how the name ends: no key is named so, and much that steers is. */
export const STEERING_SUFFIXES = words(
  "_PROXY _FILE _PATH _HOME _DIR _OPTIONS _OPTS _FLAGS _PRELOAD _EDITOR _PAGER _SHELL _ASKPASS _BASE_URL " +
    "_ENDPOINT _CA_BUNDLE _CERT _CONFIG FLAGS _PROG _PROGRAM _COMMAND _CMD _EXEC _ARGS LOGFILE _FILENAME " +
    "_FILENAMES _FILES _LIB _LIBS _LIBRARY _LIBRARIES _MODULE _MODULES _PLUGIN _PLUGINS _DRIVER _DRIVERS _LAYERS " +
    "_WRAPPER _LAUNCHER _HOST _HOSTS _URL _URI _ADDR _SERVER _SOCKET _SOCK _AGENT _INIT _STARTUP _ROOT _ENV _RC " +
    "_CONF _PROFILE _AS_NODE _INSECURE _VERIFY",
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
