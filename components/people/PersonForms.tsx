import type { ComponentChildren, VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField } from "@/components/FormField.tsx";
import { personName, ROLE_WORDS, rolesToGive } from "@/lib/shared/people.ts";
import type { Group, User, UserRole } from "@/lib/shared/wire.ts";
import { RoleSelect } from "./RoleSelect.tsx";

export interface PersonFormsProps {
  person: User;
  /** All groups of the workspace. */
  groups: Group[];
  viewerRole: UserRole;
  /** Name of the workspace. */
  workspace: string;
  /** What was just done, in words, by the name of the form. */
  done: { action: string; words: string } | null;
}

/** What can be changed about a person: name, role, groups, sessions, whether they get in. */
export function PersonForms(props: PersonFormsProps): VNode {
  const { person, viewerRole } = props;
  // An admin has no say over other admins and owners.
  const mayChange = rolesToGive(viewerRole).includes(person.role);
  return (
    <div class="person-forms">
      <NameForm {...props} mayChange={mayChange} />
      <RoleForm {...props} mayChange={mayChange} />
      <GroupsForm {...props} />
      {mayChange && (
        <>
          <SessionsForm {...props} />
          <EndForms {...props} />
        </>
      )}
    </div>
  );
}

function PersonForm(
  { person, action, title, done, children }: PersonFormsProps & {
    action: string;
    title: string;
    children: ComponentChildren;
  },
): VNode {
  const id = `person-${action}`;
  return (
    <section class="section" id={action} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <form
        class="stack mt-4"
        method="post"
        action={`/admin/users/${person.id}#${action}`}
        aria-labelledby={id}
      >
        <input type="hidden" name="action" value={action} />
        <input type="hidden" name="version" value={person.version} />
        {children}
      </form>
      <p class="hint" role="status">
        {done?.action === action ? done.words : ""}
      </p>
    </section>
  );
}

function NameForm(props: PersonFormsProps & { mayChange: boolean }): VNode {
  const { person, mayChange } = props;
  return (
    <PersonForm {...props} action="name" title="Name">
      <FormField id="name" label="Name">
        <input
          class="input"
          id="name"
          name="name"
          required
          readOnly={!mayChange}
          autocomplete="off"
          value={person.name}
          {...describe("name")}
        />
      </FormField>
      {mayChange && <button class="btn" type="submit">Save name</button>}
    </PersonForm>
  );
}

function RoleForm(props: PersonFormsProps & { mayChange: boolean }): VNode {
  const { person, viewerRole, mayChange } = props;
  if (!mayChange) {
    return (
      <section class="section" aria-labelledby="person-role">
        <h2 id="person-role">Role</h2>
        <p class="mt-2">
          {ROLE_WORDS[person.role].name}: {ROLE_WORDS[person.role].may}.
        </p>
        <p class="hint mt-2">Only owners change admins and owners.</p>
      </section>
    );
  }
  return (
    <PersonForm {...props} action="role" title="Role">
      <FormField id="role" label="Role">
        <RoleSelect
          id="role"
          chosen={person.role}
          roles={rolesToGive(viewerRole)}
        />
      </FormField>
      <button class="btn" type="submit">Save role</button>
    </PersonForm>
  );
}

function GroupsForm(props: PersonFormsProps): VNode {
  const { person, groups } = props;
  if (groups.length === 0) {
    return (
      <section class="section" aria-labelledby="person-groups">
        <h2 id="person-groups">Groups</h2>
        <p class="mt-2 soft">
          No groups yet. Limits and budgets can be set for a group.{" "}
          <a href="/admin/groups">Make one</a>
        </p>
      </section>
    );
  }
  return (
    <PersonForm {...props} action="groups" title="Groups">
      <fieldset class="choices">
        <legend class="sr">Groups</legend>
        {groups.map(({ id, name }) => (
          <label class="check" key={id}>
            <input
              type="checkbox"
              name="group"
              value={id}
              checked={person.groups.includes(id)}
            />
            <span class="anywhere">{name}</span>
          </label>
        ))}
      </fieldset>
      <button class="btn" type="submit">Save groups</button>
    </PersonForm>
  );
}

function SessionsForm(props: PersonFormsProps): VNode {
  const { sessions } = props.person;
  return (
    <PersonForm {...props} action="sessions" title="Sessions">
      <p>
        {sessions === 0
          ? "Signed in nowhere."
          : `Signed in in ${sessions} ${
            sessions === 1 ? "browser" : "browsers"
          }.`}
      </p>
      <button class="btn" type="submit" disabled={sessions === 0}>
        Sign out everywhere
      </button>
    </PersonForm>
  );
}

function EndForms(props: PersonFormsProps): VNode {
  const { person, workspace } = props;
  const action = `/admin/users/${person.id}`;
  const name = personName(person);
  const version = <input type="hidden" name="version" value={person.version} />;
  return (
    <section class="section" aria-labelledby="person-end">
      <h2 id="person-end">Access</h2>
      <div class="person-ends mt-4">
        {person.disabled
          ? (
            <form method="post" action={action}>
              <input type="hidden" name="action" value="enable" />
              {version}
              <button class="btn" type="submit">Let {name} in again</button>
            </form>
          )
          : (
            <Confirm
              label="Disable"
              what={`${name} is signed out at once and their keys stop working. Their threads stay.`}
            >
              <form method="post" action={action}>
                <input type="hidden" name="action" value="disable" />
                {version}
                <button class="btn btn-danger is-sure" type="submit">
                  Disable {name}
                </button>
              </form>
            </Confirm>
          )}
        <Confirm
          label="Remove"
          what={`${name} leaves the workspace ${workspace}: they are signed out and their keys stop working. It takes an invitation to let them in again.`}
        >
          <form method="post" action={action}>
            <input type="hidden" name="action" value="remove" />
            {version}
            <button class="btn btn-danger is-sure" type="submit">
              Remove {name}
            </button>
          </form>
        </Confirm>
      </div>
    </section>
  );
}
