/** Which addresses an answer may link to. */

/** Schemes that a click may open; everything else, `javascript:` first of all, is shown as text. */
const ALLOWED_SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** Stands in for the page's own address, so that relative links can be parsed anywhere. */
const BASE = "https://base.invalid/";

export interface SafeUrl {
  href: string;
  /** Whether it leaves the app, so that it opens in a tab of its own. */
  leavesApp: boolean;
}

/**
 * A link that is safe to follow, or null. Allowed are http, https, mailto, paths of this server and
 * fragments. Parsing is left to the URL parser, which drops the tabs and line breaks that would hide a
 * scheme from a pattern.
 */
export function safeUrl(address: string): SafeUrl | null {
  const text = address.trim();
  if (text.startsWith("#")) return { href: text, leavesApp: false };
  let url: URL;
  try {
    url = new URL(text, BASE);
  } catch {
    return null;
  }
  if (!ALLOWED_SCHEMES.has(url.protocol)) return null;
  if (url.origin === new URL(BASE).origin) {
    return text.startsWith("/")
      ? { href: url.pathname + url.search + url.hash, leavesApp: false }
      : null;
  }
  return { href: url.href, leavesApp: true };
}
