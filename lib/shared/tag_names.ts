/** Names of tags: what they may be, and when two are the same. Browser and server share these rules. */

export const MAX_TAG_CHARACTERS = 50;

/** Tags that one task may carry. */
export const MAX_TASK_TAGS = 20;

/** Control characters, line breaks, and the comma that parts names in a form. */
const FORBIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs},]/u;

/** A name as it is kept: composed, without the `#` people write before it and without needless spaces. */
export function tidyTagName(text: string): string {
  return text.normalize("NFC").replace(/^[#\s]+/, "").trimEnd()
    .replace(/\p{Zs}+/gu, " ");
}

/** Whether a tidy name may be a tag's. */
export function isTagName(name: string): boolean {
  return name !== "" && name.length <= MAX_TAG_CHARACTERS &&
    !FORBIDDEN.test(name);
}

/** Two names that fold to the same text are the same tag: `Field` is `field`. */
export function foldTagName(name: string): string {
  return tidyTagName(name).toLowerCase().normalize("NFC");
}

/** The names in a text that parts them by commas, as people type them; empty ones are left out. */
export function splitTagNames(text: string): string[] {
  return text.split(",").map(tidyTagName).filter((name) => name !== "");
}
