import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describe, FormField } from "@/components/FormField.tsx";
import { busySubmit } from "@/lib/shared/busy_submit.ts";

export interface PasswordFieldProps {
  id: string;
  name: string;
  label: string;
  /** Which password the browser's own keeper is to offer or make. */
  autocomplete: "current-password" | "new-password";
  hint?: string;
  error?: string;
  isFirst?: boolean;
}

/** A password with a button that shows it, so that a new one need not be typed twice. */
export default function PasswordField(
  { id, name, label, autocomplete, hint, error, isFirst }: PasswordFieldProps,
): VNode {
  const [isShown, setShown] = useState(false);
  // Without JavaScript nothing would come of the button.
  const [isAlive, setAlive] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    setAlive(true);
    const form = input.current?.form;
    return form ? busySubmit(form) : undefined;
  }, []);
  return (
    <FormField id={id} label={label} hint={hint} error={error}>
      <span class="password">
        <input
          class="input"
          ref={input}
          type={isShown ? "text" : "password"}
          id={id}
          name={name}
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus={isFirst}
          {...describe(id, error, hint)}
        />
        {isAlive && (
          <button
            class="btn btn-quiet btn-small"
            type="button"
            aria-controls={id}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? "Hide" : "Show"}
          </button>
        )}
      </span>
    </FormField>
  );
}
