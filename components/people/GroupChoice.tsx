import type { VNode } from "preact";
import type { Group } from "@/lib/shared/wire.ts";

/** Which groups someone is in. */
export function GroupChoice(
  { groups, chosen }: {
    groups: Group[];
    /** Ids of those they are in. */
    chosen: string[];
  },
): VNode {
  return (
    <fieldset class="field">
      <legend class="field-label">Groups</legend>
      {groups.length === 0 && (
        <p class="hint">
          None yet. Limits and budgets can be set for a group.{" "}
          <a href="/admin/groups">Make a group</a>
        </p>
      )}
      <div class="choices">
        {groups.map(({ id, name }) => (
          <label class="check" key={id}>
            <input
              type="checkbox"
              name="group"
              value={id}
              checked={chosen.includes(id)}
            />
            <span class="anywhere">{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
