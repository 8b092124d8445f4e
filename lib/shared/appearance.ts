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

/** How long a choice is kept: browsers allow 400 days at most. */
const KEPT_SECONDS = 400 * 24 * 60 * 60;

/** The appearance from named values; unknown ones fall back to the default. */
export function toAppearance(
  read: (name: keyof Appearance) => string | null | undefined,
): Appearance {
  const pick = <T extends string>(
    name: keyof Appearance,
    allowed: readonly T[],
    fallback: T,
  ): T => allowed.find((value) => value === read(name)) ?? fallback;
  return {
    theme: pick("theme", THEMES, DEFAULT_APPEARANCE.theme),
    face: pick("face", FACES, DEFAULT_APPEARANCE.face),
    size: pick("size", SIZES, DEFAULT_APPEARANCE.size),
  };
}

/** Reads the appearance from a `Cookie` header. */
export function parseAppearance(cookieHeader: string | null): Appearance {
  const cookies = new Map(
    (cookieHeader ?? "").split(";").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
  return toAppearance((name) => cookies.get(APPEARANCE_COOKIES[name]));
}

/** A cookie that keeps one choice, as `Set-Cookie` and `document.cookie` take it. */
export function appearanceCookie(
  name: string,
  value: string,
  isSecure: boolean,
): string {
  return `${name}=${value}; Path=/; Max-Age=${KEPT_SECONDS}; SameSite=Lax${
    isSecure ? "; Secure" : ""
  }`;
}
