/** Marks links to the current page and to its ancestors, so styles can show where one is. */

/** Attributes for a link to `href` in the page at `pathname`; null for any other link. */
export function activeLinkProps(
  href: unknown,
  pathname: string,
): Record<string, string> | null {
  if (typeof href !== "string" || !href.startsWith("/")) return null;
  const path = href.replace(/[?#].*$/s, "");
  if (path === pathname) {
    return { "data-current": "true", "aria-current": "page" };
  }
  const folder = path.endsWith("/") ? path : `${path}/`;
  return pathname.startsWith(folder)
    ? { "data-ancestor": "true", "aria-current": "true" }
    : null;
}
