import type { ComponentChildren, VNode } from "preact";
import { FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { WebhookFields } from "./WebhookFields.tsx";

const DIALOG = "new-webhook";

/** The button that opens the form of a new webhook. */
export function NewWebhookButton(): VNode {
  return (
    <button class="btn btn-small" type="button" popovertarget={DIALOG}>
      <Icon name="plus" small />
      New webhook
    </button>
  );
}

/** The form of a new webhook in a dialog, or open in the page when it was refused. */
export function NewWebhook(
  { action, refused }: {
    /** Where it is sent. */
    action: string;
    refused: FormState | null;
  },
): VNode {
  if (refused !== null) {
    return (
      <div class="key-refused mt-4">
        <NewWebhookForm
          action={action}
          form={refused}
          leave={<a class="btn btn-quiet" href={action}>Cancel</a>}
        />
      </div>
    );
  }
  return (
    <dialog
      class="dialog key-dialog"
      id={DIALOG}
      popover="auto"
      aria-labelledby="new-webhook-title"
    >
      <NewWebhookForm
        action={action}
        form={EMPTY_FORM}
        leave={
          <button
            class="btn btn-quiet"
            type="button"
            popovertarget={DIALOG}
            popovertargetaction="hide"
          >
            Cancel
          </button>
        }
      />
    </dialog>
  );
}

function NewWebhookForm(
  { action, form, leave }: {
    action: string;
    form: FormState;
    leave: ComponentChildren;
  },
): VNode {
  return (
    <form
      class="stack new-key"
      method="post"
      action={action}
      aria-labelledby="new-webhook-title"
    >
      <input type="hidden" name="section" value="webhooks" />
      <input type="hidden" name="action" value="create" />
      <h2 id="new-webhook-title">New webhook</h2>
      <FormTrouble message={form.errors[""]} />
      <WebhookFields id="new-webhook" webhook={null} form={form} />
      <div class="btn-row">
        {leave}
        <button class="btn btn-primary" type="submit">Create webhook</button>
      </div>
    </form>
  );
}
