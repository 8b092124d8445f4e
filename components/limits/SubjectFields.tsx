import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import { KIND_WORDS } from "@/lib/shared/limit_words.ts";

const ID_HINT =
  "An id, a model’s name, or the email of a person. Empty: each of them has its own count.";

/** Whom a limit or a budget is for: a kind, and which of it. A page offers groups by `SubjectChoices`. */
export function SubjectFields(
  { id, kind, which, error }: {
    /** Begins the ids of the fields. */
    id: string;
    kind: string | undefined;
    which: string | undefined;
    error?: string;
  },
): VNode {
  return (
    <>
      <div class="limit-subject">
        <FormField id={`${id}-kind`} label="For">
          <select class="select" id={`${id}-kind`} name="kind">
            {Object.entries(KIND_WORDS).map(([value, word]) => (
              <option key={value} value={value} selected={kind === value}>
                {word}
              </option>
            ))}
          </select>
        </FormField>
        <FormField id={`${id}-id`} label="Which" error={error}>
          <input
            class="input"
            id={`${id}-id`}
            name="id"
            autocomplete="off"
            placeholder="each"
            list="limit-subjects"
            maxLength={256}
            value={which}
            {...describe(`${id}-id`, error)}
          />
        </FormField>
      </div>
      <p class="hint">{ID_HINT}</p>
    </>
  );
}

/** Groups that `SubjectFields` of the page suggest. */
export function SubjectChoices(
  { groups }: { groups: readonly { id: string; name: string }[] },
): VNode {
  return (
    <datalist id="limit-subjects">
      {groups.map(({ id, name }) => <option key={id} value={id}>{name}
      </option>)}
    </datalist>
  );
}
