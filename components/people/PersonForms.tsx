import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { personName, ROLE_WORDS, rolesToGive } from "@/lib/shared/people.ts";
import type { Group, User, UserRole } from "@/lib/shared/wire.ts";
import { Moment } from "@/components/Moment.tsx";
import { RoleSelect } from "./RoleSelect.tsx";

export interface PersonFormsProps {
  person: User;
  /** All groups of the workspace. */
  groups: Group[];
  viewerRole: UserRole;
  /** Name of the workspace. */
  workspace: string;
  /** The form of facts, when it was refused. */
  form: FormState;
  /** Name of the form that was just accepted. */
  done: string | null;
  nowMs: number;
}

/** What can be changed about a person: name, role, groups, sessions, whether they get in. */
export function PersonForms(props: PersonFormsProps): VNode {
  const { person, viewerRole } = props;
  // An admin has no say over other admins and owners.
  const mayChange = rolesToGive(viewerRole).includes(person.role);
  return (
    <div class="person-forms">
      <FactsForm {...props} mayChange={mayChange} />
      {mayChange && (
        <>
          <SessionsForm {...props} />
          <EndForms {...props} />
        </>
      )}
    </div>
  );
}

function FactsForm(props: PersonFormsProps & { mayChange: boolean }): VNode {
  const { person, groups, viewerRole, mayChange, form, done } = props;
  const { values, errors } = form;
  const chosen = rolesToGive(viewerRole).find((role) => role === values.role);
  return (
    <form
      class="stack"
      method="post"
      action={`/admin/users/${person.id}`}
      aria-label="Person"
    >
      <input type="hidden" name="action" value="save" />
      <input type="hidden" name="version" value={person.version} />
      <FormTrouble message={errors[""]} />
      <FormField id="name" label="Name" error={errors.name}>
        <input
          class="input"
          id="name"
          name="name"
          readOnly={!mayChange}
          autocomplete="off"
          value={values.name ?? person.name}
          {...describe("name", errors.name)}
        />
      </FormField>
      {mayChange
        ? (
          <FormField id="role" label="Role" error={errors.role}>
            <RoleSelect
              id="role"
              chosen={chosen ?? person.role}
              roles={rolesToGive(viewerRole)}
            />
          </FormField>
        )
        : (
          <div class="field">
            <span class="field-label">Role</span>
            <span>
              {ROLE_WORDS[person.role].name}: {ROLE_WORDS[person.role].may}
            </span>
            <span class="hint">Only owners change admins and owners.</span>
          </div>
        )}
      <Groups groups={groups} chosen={person.groups} />
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Save person</button>
        <span class="hint" role="status">
          {done === "save" ? "Person saved" : ""}
        </span>
      </div>
    </form>
  );
}

function Groups(
  { groups, chosen }: { groups: Group[]; chosen: string[] },
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

function SessionsForm({ person, done, nowMs }: PersonFormsProps): VNode {
  const { sessions, lastSeenAt } = person;
  return (
    <section class="section" aria-labelledby="person-sessions">
      <h2 id="person-sessions">Sessions</h2>
      <p class="mt-2">
        {sessions === 0
          ? "Signed in nowhere."
          : `Signed in on ${formatPlural(sessions, "browser")}.`}
        {lastSeenAt !== null && (
          <>
            {" "}Last seen <Moment at={lastSeenAt} nowMs={nowMs} />.
          </>
        )}
      </p>
      <form
        class="btn-row mt-4"
        method="post"
        action={`/admin/users/${person.id}`}
      >
        <input type="hidden" name="action" value="sign-out" />
        <button class="btn" type="submit" disabled={sessions === 0}>
          Sign out everywhere
        </button>
        <span class="hint" role="status">
          {done === "sign-out" ? "Signed out everywhere" : ""}
        </span>
      </form>
    </section>
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
