/**
 * How a viewer wants pages to look. It lives in cookies, so that the first HTML is right and no script
 * has to run before it shows.
 */

export const THEMES = ["system", "light", "dark"] as const;
export const FACES = ["serif", "plain"] as const;
export const SIZES = ["normal", "large"] as const;

export interface Appearance {
  theme: (typeof THEMES)[number];
  /** Face of the answers: the reading serif or the plain interface face. */
  face: (typeof FACES)[number];
  size: (typeof SIZES)[number];
}

export const DEFAULT_APPEARANCE: Appearance = {
  theme: "system",
  face: "serif",
  size: "normal",
};

/** Names of the cookies; their values are the plain words of `Appearance`. */
export const APPEARANCE_COOKIES = {
  theme: "freshet_theme",
  face: "freshet_face",
  size: "freshet_size",
} as const;

/** Reads the appearance from a `Cookie` header; unknown values fall back to the default. */
export function parseAppearance(cookieHeader: string | null): Appearance {
  const cookies = new Map(
    (cookieHeader ?? "").split(";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
  const pick = <T extends string>(
    name: string,
    allowed: readonly T[],
    fallback: T,
  ): T => allowed.find((value) => value === cookies.get(name)) ?? fallback;
  return {
    theme: pick(APPEARANCE_COOKIES.theme, THEMES, DEFAULT_APPEARANCE.theme),
    face: pick(APPEARANCE_COOKIES.face, FACES, DEFAULT_APPEARANCE.face),
    size: pick(APPEARANCE_COOKIES.size, SIZES, DEFAULT_APPEARANCE.size),
  };
}
