/** Marks links to the current page and to its ancestors, so styles can show where one is. */

/** Adds `data-current` and `aria-current`, or `data-ancestor`; attributes that are set win. */
export function markActiveLink(
  props: Record<string, unknown>,
  pathname: string,
): void {
  const { href } = props;
  if (typeof href !== "string" || !href.startsWith("/")) return;
  const path = href.replace(/[?#].*$/s, "");
  if (path === pathname) {
    props["data-current"] ??= "true";
    props["aria-current"] ??= "page";
    return;
  }
  const folder = path.endsWith("/") ? path : `${path}/`;
  if (pathname.startsWith(folder)) {
    props["data-ancestor"] ??= "true";
    props["aria-current"] ??= "true";
  }
}
