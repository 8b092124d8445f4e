import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import type { Group as GroupFacts } from "@/lib/shared/wire.ts";

/** Groups of the workspace, each with its name to change and its end. */
export function GroupsTable({ groups }: { groups: GroupFacts[] }): VNode {
  return (
    <ul class="groups">
      {groups.map((group) => <Group key={group.id} group={group} />)}
    </ul>
  );
}

function Group({ group }: { group: GroupFacts }): VNode {
  const { id, name, version } = group;
  const field = `group-${id}`;
  return (
    <li>
      <form class="group-name" method="post" action="/admin/groups">
        <input type="hidden" name="action" value="rename" />
        <input type="hidden" name="id" value={id} />
        <input type="hidden" name="version" value={version} />
        <label class="sr" for={field}>Name of {name}</label>
        <input
          class="input"
          id={field}
          name="name"
          required
          autocomplete="off"
          value={name}
        />
        <button class="btn" type="submit" aria-label={`Rename ${name}`}>
          Rename
        </button>
      </form>
      <Confirm
        label="Delete"
        what={`The limits and budgets of ${name} end with it. The people in it stay.`}
      >
        <form method="post" action="/admin/groups">
          <input type="hidden" name="action" value="delete" />
          <input type="hidden" name="id" value={id} />
          <input type="hidden" name="version" value={version} />
          <button class="btn btn-danger is-sure" type="submit">
            Delete {name}
          </button>
        </form>
      </Confirm>
    </li>
  );
}
