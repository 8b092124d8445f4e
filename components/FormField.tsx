import type { ComponentChildren, VNode } from "preact";
import { Icon } from "./Icon.tsx";

export interface FormFieldProps {
  id: string;
  label: string;
  hint?: string;
  error?: string;
  /** The control; it has the `id`, and what `describe` gives. */
  children: ComponentChildren;
}

/** Attributes that tie a control to its error and hint. */
export function describe(id: string, error?: string, hint?: string) {
  const ids = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean);
  return {
    "aria-invalid": error === undefined ? undefined : "true" as const,
    "aria-describedby": ids.length === 0 ? undefined : ids.join(" "),
  };
}

/** A labelled control of a form, with its error and hint. */
export function FormField(
  { id, label, hint, error, children }: FormFieldProps,
): VNode {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="alert" small />
          {error}
        </p>
      )}
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** What is wrong with a form as a whole. */
export function FormTrouble({ message }: { message?: string }): VNode | null {
  if (message === undefined) return null;
  return (
    <div class="callout" data-kind="bad" role="alert">
      <Icon name="alert" />
      <p>
        <strong>{message}</strong> What you typed is kept below.
      </p>
    </div>
  );
}
