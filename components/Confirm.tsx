import type { ComponentChildren, VNode } from "preact";

/**
 * A step before what cannot be taken back: the button opens, under itself, what will happen and the form
 * that does it. It works without a script.
 */
export function Confirm(
  { label, what, children, small, isOpen = false }: {
    /** Words of the button that opens it. */
    label: string;
    /** What will happen, and what stays. */
    what: ComponentChildren;
    /** The form, with its own button. */
    children: ComponentChildren;
    small?: boolean;
    /** Its form was refused and is shown again. */
    isOpen?: boolean;
  },
): VNode {
  return (
    <details class="confirm" open={isOpen}>
      <summary class={`btn btn-danger${small ? " btn-small" : ""}`}>
        {label}
      </summary>
      <div class="confirm-body">
        <p>{what}</p>
        {children}
      </div>
    </details>
  );
}
