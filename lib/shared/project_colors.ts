/**
 * The colours a project may have by name: the eight series of the design, which look right by day and by
 * night and stay apart for colour-blind eyes. A program may also give any `#rrggbb`.
 */
export const PROJECT_COLORS = [
  "blue",
  "plum",
  "ochre",
  "green",
  "rose",
  "rust",
  "violet",
  "slate",
] as const;

export type ProjectColor = (typeof PROJECT_COLORS)[number];

export const DEFAULT_PROJECT_COLOR: ProjectColor = "blue";

/** Number of the series that has this colour, from 1; null for a colour of its own. */
export function hueOf(color: string): number | null {
  const index = PROJECT_COLORS.findIndex((name) => name === color);
  return index === -1 ? null : index + 1;
}
