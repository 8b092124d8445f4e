import type { VNode } from "preact";
import { EMPTY_FORM } from "@/lib/shared/form_state.ts";
import type { LimitPolicy } from "@/lib/shared/wire.ts";
import { PolicyForm } from "./PolicyForm.tsx";

/** The form of a policy, opened over the page by a button with its id as `popovertarget`. */
export function PolicyDialog(
  { id, policy, version }: {
    id: string;
    policy: LimitPolicy | null;
    version: number;
  },
): VNode {
  return (
    <dialog
      class="dialog limit-dialog"
      id={id}
      popover="auto"
      aria-labelledby={`${id}-title`}
    >
      <PolicyForm
        policy={policy}
        form={EMPTY_FORM}
        version={version}
        id={id}
        leave={
          <button
            class="btn btn-quiet"
            type="button"
            popovertarget={id}
            popovertargetaction="hide"
          >
            Cancel
          </button>
        }
      />
    </dialog>
  );
}
