/**
 * Where a request with a vendor's key goes: `--base-url`, the vendor's own base-URL variable, or its default. An
 * organisation's key goes to the vendor's own hosts, whatever a variable or flag of the user's says. Sends nothing.
 */
import { type BaseUrl, parseBaseUrl } from "../core/base-url.ts";
import type { Level } from "../core/credential.ts";
import { fail } from "../core/errors.ts";
import type { Provider } from "../providers/contract.ts";
import type { Scope, Surroundings } from "../resolve/ports.ts";

/**
 * The base URL for a key of this level; null for the vendor's default. Throws E_BASE_URL_REFUSED for a `--base-url` that
 * would take an organisation's key elsewhere; a variable that would is ignored.
 */
export function vendorBaseUrl(
  provider: Provider,
  level: Level | null,
  { baseUrlFlag }: Pick<Scope, "baseUrlFlag">,
  { environment }: Pick<Surroundings, "environment">,
): BaseUrl | null {
  const isOrganizations = level === "organization";
  if (baseUrlFlag) {
    if (!isOrganizations || isOwnHost(provider, baseUrlFlag)) return baseUrlFlag;
    throw fail(
      "E_BASE_URL_REFUSED",
      `the organisation's key for ${provider.title} is sent to the vendor's own hosts only`,
      "leave --base-url out",
    );
  }
  const variable = provider.baseUrlVariable && environment.get(provider.baseUrlVariable);
  const stated = variable ? parseBaseUrl(variable) : null;
  return stated && isOrganizations && !isOwnHost(provider, stated) ? null : stated;
}

/** Over https, to a host of the provider's; `*` stands for one label or more of letters, digits and dashes. */
function isOwnHost(provider: Provider, { href }: BaseUrl): boolean {
  const url = new URL(href);
  if (url.protocol !== "https:") return false;
  return provider.hosts.some((host) => {
    const labels = host.split("*").map((part) => part.replace(/[.[\]]/g, "\\$&"));
    const pattern = new RegExp(`^${labels.join("[a-z0-9-]+(?:\\.[a-z0-9-]+)*")}$`);
    return pattern.test(url.hostname) || pattern.test(url.host);
  });
}
