import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

/** Why a form was refused as a whole. */
export function SignTrouble({ form }: { form: FormState }): VNode | null {
  const message = form.errors[""];
  if (message === undefined) return null;
  return (
    <div class="callout" data-kind="bad" role="alert">
      <Icon name="alert" />
      <p>{message}</p>
    </div>
  );
}
