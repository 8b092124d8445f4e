import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Webhook } from "@/lib/shared/wire.ts";

const URL_HINT =
  "Requests are sent there by POST. It has to be on the public internet.";
const EVENTS_HINT =
  "Types such as run.completed, or patterns such as run.* and *.failed; * is all. Spaces or commas between them.";

/** Address, events and description of a webhook, new (null) or changed. */
export function WebhookFields(
  { id, webhook, form: { values, errors } }: {
    /** Begins the ids of the fields. */
    id: string;
    webhook: Webhook | null;
    form: FormState;
  },
): VNode {
  return (
    <>
      <FormField
        id={`${id}-url`}
        label="Address"
        hint={URL_HINT}
        error={errors.url}
      >
        <input
          class="input"
          id={`${id}-url`}
          name="url"
          type="url"
          required
          maxLength={2000}
          autocomplete="off"
          placeholder="https://hooks.example.org/freshet"
          value={values.url ?? webhook?.url}
          {...describe(`${id}-url`, errors.url, URL_HINT)}
        />
      </FormField>
      <FormField
        id={`${id}-events`}
        label="Events"
        hint={EVENTS_HINT}
        error={errors.events}
      >
        <input
          class="input"
          id={`${id}-events`}
          name="events"
          required
          maxLength={2000}
          autocomplete="off"
          spellcheck={false}
          value={values.events ?? webhook?.events.join(" ") ??
            "run.* job.completed job.dead"}
          {...describe(`${id}-events`, errors.events, EVENTS_HINT)}
        />
      </FormField>
      <FormField
        id={`${id}-description`}
        label="Description"
        error={errors.description}
      >
        <input
          class="input"
          id={`${id}-description`}
          name="description"
          maxLength={200}
          autocomplete="off"
          value={values.description ?? webhook?.description}
          {...describe(`${id}-description`, errors.description)}
        />
      </FormField>
    </>
  );
}
