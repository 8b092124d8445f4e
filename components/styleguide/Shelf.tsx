import type { ComponentChildren, VNode } from "preact";

/** One kind of piece on the style page, with all its states. */
export function Shelf(
  { id, title, note, children }: {
    id: string;
    title: string;
    /** When it is used. */
    note?: string;
    children: ComponentChildren;
  },
): VNode {
  return (
    <section class="section" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note !== undefined && <p class="soft">{note}</p>}
      <div class="stack mt-4">{children}</div>
    </section>
  );
}
