/** Which variables the broker itself may be started with: what it needs to work, and none that could hold a key. */

const NAMES: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "TZ",
  "TMPDIR",
  "PWD",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "DBUS_SESSION_BUS_ADDRESS",
  "NOTIFY_SOCKET",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "KDE_FULL_SESSION",
  "KDE_SESSION_VERSION",
  "GUM_CRED_ASKING_FOR",
  "GUM_CRED_KEYCHAIN",
  "GUM_CRED_PROFILE",
  "GUM_CRED_POLICY",
]);

const FAMILIES = ["LC_", "XDG_", "LD_", "FAKETIME"];
/** A policy may have a key or token in a variable of any name. */
const SECRETS = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;

export function isHarmless(name: string): boolean {
  return NAMES.has(name) || (FAMILIES.some((start) => name.startsWith(start)) && !SECRETS.test(name));
}
