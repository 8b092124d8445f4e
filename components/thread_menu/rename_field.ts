import { isComposing } from "@/components/chat/composing.ts";

const MAX_TITLE_CHARACTERS = 200;

/**
 * Puts a field in the place of a title. Resolves with the new title, or with null when it was left as it
 * was.
 */
export function editInPlace(
  title: HTMLElement,
  text: string,
): Promise<string | null> {
  // The link around the title of a row is what must not hold a field.
  const replaced = title.closest<HTMLElement>("a") ?? title;
  const field = document.createElement("input");
  field.className = "input rename";
  field.setAttribute("aria-label", "Title of the thread");
  field.maxLength = MAX_TITLE_CHARACTERS;
  field.value = text;
  replaced.hidden = true;
  replaced.after(field);
  field.focus();
  field.select();
  return new Promise((resolve) => {
    let isOver = false;
    const end = (isKept: boolean) => {
      if (isOver) return;
      isOver = true;
      const typed = field.value.trim();
      const hadFocus = document.activeElement === field;
      replaced.hidden = false;
      field.remove();
      if (hadFocus) replaced.focus();
      resolve(isKept && typed !== "" && typed !== text ? typed : null);
    };
    field.addEventListener("blur", () => end(true));
    field.addEventListener("keydown", (event) => {
      if (isComposing(event)) return;
      if (event.key === "Enter") end(true);
      else if (event.key === "Escape") end(false);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  });
}
