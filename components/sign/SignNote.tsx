import type { ComponentChildren, VNode } from "preact";

/** What stands in place of a form: what happened, and what to do next. */
export function SignNote(
  { title, children, way }: {
    title: string;
    children: ComponentChildren;
    /** Where to go from here. */
    way?: { path: string; label: string };
  },
): VNode {
  return (
    <section class="sign-note" aria-labelledby="sign-note">
      <h1 id="sign-note">{title}</h1>
      {children}
      {way !== undefined && (
        <p class="btn-row">
          <a class="btn btn-primary" href={way.path}>{way.label}</a>
        </p>
      )}
    </section>
  );
}
