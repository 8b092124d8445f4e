import type { VNode } from "preact";
import { FormField } from "@/components/FormField.tsx";
import { audienceOf, AUDIENCES } from "@/lib/shared/model_words.ts";
import type { ModelSettings } from "@/lib/shared/wire.ts";

/** What holds for models that have no rule of their own. */
export function OtherModels(
  { others, path, version, hasPeople }: {
    others: ModelSettings["others"];
    /** Address of the page. */
    path: string;
    version: number;
    /** Whether there are several people to tell apart. */
    hasPeople: boolean;
  },
): VNode {
  const audience = audienceOf({ ...others, groups: [] });
  return (
    <form class="model-others" method="post" action={path}>
      <input type="hidden" name="action" value="others" />
      <input type="hidden" name="version" value={version} />
      <p class="soft">
        It holds for models that a provider gets from now on, and for all above
        that say the same.
      </p>
      <label class="check" for="others-listed">
        <input
          type="checkbox"
          id="others-listed"
          name="isListed"
          checked={others.isListed}
        />
        In lists
      </label>
      {hasPeople && (
        <FormField id="others-audience" label="May ask them">
          <select class="select" id="others-audience" name="audience">
            {AUDIENCES.filter(({ value }) => value !== "groups").map((
              { value, words },
            ) => (
              <option key={value} value={value} selected={value === audience}>
                {words}
              </option>
            ))}
          </select>
        </FormField>
      )}
      <div class="btn-row">
        <button class="btn" type="submit">Save for others</button>
      </div>
    </form>
  );
}
