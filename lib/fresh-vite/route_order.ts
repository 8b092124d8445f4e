const SPECIAL_FILES = ["_app", "_middleware", "_layout", "_error", "_404"];

/** Position of a URL segment among its siblings: static, mixed, parameter, optional, rest. */
function segmentRank(segment: string): number {
  if (segment.startsWith("[...")) return 4;
  if (segment.startsWith("[[")) return 3;
  if (/^\[[^\]]+\]$/.test(segment)) return 2;
  return segment.includes("[") ? 1 : 0;
}

/** Position of a file name: what wraps the folder, then its index, then as a segment. */
function nameRank(name: string): number {
  const special = SPECIAL_FILES.indexOf(name);
  if (special !== -1) return special - SPECIAL_FILES.length - 1;
  return name === "index" ? -1 : segmentRank(name);
}

/** Sort key of a route file: rank and text of each part that shows in the URL. */
function keyOf(file: string): Array<[rank: number, text: string]> {
  const parts = file.replace(/\.[^./]+$/, "").split("/");
  const name = parts.pop() ?? "";
  return [
    ...parts.filter((part) => !/^\(.*\)$/.test(part))
      .map((part): [number, string] => [segmentRank(part), part]),
    [nameRank(name), name],
  ];
}

/**
 * Order in which route files are registered, given their paths below the routes folder: what wraps a
 * folder comes before the folder's routes, and at each level static names come before parameters and
 * those before rest parameters, so that the first pattern that matches is the closest one.
 */
export function compareRoutes(left: string, right: string): number {
  const a = keyOf(left);
  const b = keyOf(right);
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [aRank, aText] = a[index];
    const [bRank, bText] = b[index];
    if (aRank !== bRank) return aRank - bRank;
    if (aText !== bText) return aText < bText ? -1 : 1;
  }
  // Groups do not show in the URL; the file outside of a group comes first.
  return a.length - b.length ||
    left.split("/").length - right.split("/").length ||
    (left < right ? -1 : left > right ? 1 : 0);
}
