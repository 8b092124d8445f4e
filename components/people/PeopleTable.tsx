import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import { type PersonRow, ROLE_WORDS } from "@/lib/shared/people.ts";

/** Who is in the workspace; each name leads to what can be changed about them. */
export function PeopleTable(
  { people, nowMs }: { people: PersonRow[]; nowMs: number },
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
            <Person key={person.id} person={person} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Person(
  { person, nowMs }: { person: PersonRow; nowMs: number },
): VNode {
  const { id, name, email, groups } = person;
  return (
    <tr data-disabled={person.isDisabled || undefined}>
      <th scope="row">
        <a class="person" href={`/admin/users/${id}`}>
          <span class="person-name">{name || email}</span>
          {name !== "" && <span class="person-email">{email}</span>}
        </a>
        {person.isSelf && <span class="badge">you</span>}
        {person.isDisabled && (
          <span class="badge" data-kind="warn">
            disabled
          </span>
        )}
      </th>
      <td data-label="Role">{ROLE_WORDS[person.role].name}</td>
      <td data-label="Groups">
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
