import { useEffect } from "preact/hooks";

const OPEN = "details.usage-menu[open]";

/** Closes the open menu of a page of usage by Escape, which gives the focus back, and by a press beside it. */
export default function UsageMenus(): null {
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    const find = () => document.querySelector<HTMLDetailsElement>(OPEN);
    document.addEventListener("keydown", ({ key }) => {
      const menu = key === "Escape" ? find() : null;
      if (menu === null) return;
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }, { signal });
    document.addEventListener("pointerdown", ({ target }) => {
      const menu = find();
      if (menu !== null && !menu.contains(target as Node)) menu.open = false;
    }, { signal });
    return () => ended.abort();
  }, []);
  return null;
}
