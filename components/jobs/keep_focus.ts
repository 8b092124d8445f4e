/**
 * Remembers which control of which job has the focus. The returned function gives it back once the page has
 * changed: a job that moves from one list to another is drawn anew, and its control with it.
 */
export function rememberFocus(): () => void {
  const { activeElement } = document;
  const id = activeElement?.closest(".job")?.id;
  if (activeElement === null || id === undefined) return () => {};
  const label = activeElement.getAttribute("aria-label");
  return () => {
    requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      const controls = document.getElementById(id)
        ?.querySelectorAll<HTMLElement>("a, button") ?? [];
      const same = [...controls].find((control) =>
        control.getAttribute("aria-label") === label
      );
      (same ?? controls[0])?.focus();
    });
  };
}
