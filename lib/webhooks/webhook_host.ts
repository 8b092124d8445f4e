/** Host of a webhook's address: what logs and other people may see of it, since the rest may be a secret. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "";
}
