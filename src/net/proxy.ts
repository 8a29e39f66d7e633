/** Which proxy a request goes through, for messages: fetch reads the same variables by itself. Pure. */
import type { RawEnvironment } from "../core/environment.ts";

/** The proxy that a request went through: the variable that names it, and where it is, without user and password. */
export interface UpstreamProxy {
  readonly variable: string;
  readonly scheme: string;
  readonly host: string;
}

/** The proxy for an https URL; null where none is set, or NO_PROXY has the host. */
export function proxyFor(url: URL, env: RawEnvironment): UpstreamProxy | null {
  const variable = ["https_proxy", "HTTPS_PROXY"].find((name) => env[name]);
  const value = variable === undefined ? undefined : env[variable];
  if (variable === undefined || !value || url.protocol !== "https:" || isExempt(url, env)) return null;
  // Without a scheme it is http (curl(1), --proxy).
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text)) return { variable, scheme: "http", host: "of that variable" };
  const { protocol, host } = new URL(text);
  return { variable, scheme: protocol.slice(0, -1), host };
}

function isExempt({ hostname }: URL, env: RawEnvironment): boolean {
  const entries = (env["no_proxy"] || env["NO_PROXY"] || "")
    .split(",")
    .map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => {
    const name = entry.replace(/^\*?\./, "").replace(/:\d+$/, "");
    return entry === "*" || (name !== "" && (hostname === name || hostname.endsWith(`.${name}`)));
  });
}
