import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import { personName, ROLE_WORDS } from "@/lib/shared/people.ts";
import type { User } from "@/lib/shared/wire.ts";

export interface PeopleTableProps {
  people: User[];
  /** Names of groups by their ids. */
  groupNames: ReadonlyMap<string, string>;
  /** Id of who looks at the page. */
  self: string;
  nowMs: number;
}

/** Who is in the workspace; each name leads to what can be changed about them. */
export function PeopleTable(
  { people, ...rest }: PeopleTableProps,
): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="People">
      <table class="table table-stack people">
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Role</th>
            <th scope="col">Groups</th>
            <th scope="col">Last seen</th>
            <th scope="col" class="num">Sessions</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <Person key={person.id} person={person} {...rest} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Person(
  { person, groupNames, self, nowMs }:
    & Omit<PeopleTableProps, "people">
    & { person: User },
): VNode {
  const { id, name, email, disabled } = person;
  const groups = person.groups.flatMap((group) => groupNames.get(group) ?? []);
  return (
    <tr data-disabled={disabled || undefined}>
      <th scope="row">
        <a class="person" href={`/admin/users/${id}`}>
          {personName(person)}
        </a>
        {id === self && <span class="badge">you</span>}
        {disabled && <span class="badge" data-kind="warn">disabled</span>}
        {name !== "" && email !== null && (
          <span class="person-email">{email}</span>
        )}
      </th>
      <td data-label="Role">{ROLE_WORDS[person.role].name}</td>
      <td data-label="Groups" class="anywhere">
        {groups.length === 0
          ? <span class="faint">none</span>
          : groups.join(", ")}
      </td>
      <td data-label="Last seen">
        <Moment at={person.lastSeenAt} nowMs={nowMs} />
      </td>
      <td class="num" data-label="Sessions">{person.sessions}</td>
    </tr>
  );
}
