import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Moment } from "@/components/Moment.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { personName, ROLE_WORDS, rolesToGive } from "@/lib/shared/people.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";
import type { Group, User } from "@/lib/shared/wire.ts";
import { GroupChoice } from "./GroupChoice.tsx";
import { RoleSelect } from "./RoleSelect.tsx";

export interface PersonFormsProps {
  person: User;
  /** All groups of the workspace. */
  groups: Group[];
  viewer: Viewer;
  /** Whether the person is who looks at the page. */
  isSelf: boolean;
  /** The form that was refused. */
  form: FormState;
  /** Name of the form that was just accepted. */
  done: string | null;
  nowMs: number;
}

/** What can be changed about a person: name, role, groups, whether they get in. */
export function PersonForms(props: PersonFormsProps): VNode {
  const { person, viewer, form, nowMs } = props;
  const { sessions, lastSeenAt } = person;
  // An admin has no say over other admins and owners.
  const mayChange = rolesToGive(viewer.role).includes(person.role);
  return (
    <div class="person-forms">
      <FormTrouble message={form.errors[""]} />
      <p class="soft">
        {sessions === 0
          ? "Signed in nowhere."
          : `Signed in on ${formatPlural(sessions, "browser")}.`}
        {lastSeenAt !== null && (
          <>
            {" "}Last seen <Moment at={lastSeenAt} nowMs={nowMs} />.
          </>
        )}
      </p>
      {mayChange ? <FactsForm {...props} /> : <Facts {...props} />}
      {mayChange && <EndForms {...props} />}
    </div>
  );
}

/** What is there to see for who may not change it. */
function Facts({ person, groups }: PersonFormsProps): VNode {
  const names = groups.filter(({ id }) => person.groups.includes(id))
    .map(({ name }) => name);
  return (
    <div class="stack mt-4">
      <div class="field">
        <span class="field-label">Role</span>
        <span>
          {ROLE_WORDS[person.role].name}: {ROLE_WORDS[person.role].may}
        </span>
      </div>
      <div class="field">
        <span class="field-label">Groups</span>
        <span class="anywhere">{names.join(", ") || "none"}</span>
      </div>
      <p class="hint">Only owners change admins and owners.</p>
    </div>
  );
}

function FactsForm(props: PersonFormsProps): VNode {
  const { person, groups, viewer, isSelf, form, done } = props;
  const { values, errors } = form;
  const roles = rolesToGive(viewer.role);
  const chosen = roles.find((role) => role === values.role);
  // An account may be in several workspaces, so its name is not one workspace's to change.
  const mayName = isSelf || viewer.isOperator;
  return (
    <form
      class="stack mt-4"
      method="post"
      action={`/admin/users/${person.id}`}
      aria-label="Person"
    >
      <input type="hidden" name="action" value="save" />
      <input type="hidden" name="version" value={person.version} />
      {mayName && (
        <FormField id="name" label="Name" error={errors.name}>
          <input
            class="input"
            id="name"
            name="name"
            required
            autocomplete="off"
            value={values.name ?? person.name}
            {...describe("name", errors.name)}
          />
        </FormField>
      )}
      <FormField id="role" label="Role" error={errors.role}>
        <RoleSelect id="role" chosen={chosen ?? person.role} roles={roles} />
      </FormField>
      <GroupChoice groups={groups} chosen={person.groups} />
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Save person</button>
        <span class="hint" role="status">
          {done === "save" ? "Person saved" : ""}
        </span>
      </div>
    </form>
  );
}

function EndForms(props: PersonFormsProps): VNode {
  const { person, viewer, isSelf, done } = props;
  const action = `/admin/users/${person.id}`;
  const name = personName(person);
  const version = <input type="hidden" name="version" value={person.version} />;
  return (
    <section class="section" aria-labelledby="person-end">
      <h2 id="person-end">Access</h2>
      <p class="hint" role="status">
        {done === "sign-out" ? "Signed out" : ""}
      </p>
      <div class="person-ends mt-4">
        {!isSelf && person.sessions > 0 && (
          <form method="post" action={action}>
            <input type="hidden" name="action" value="sign-out" />
            <button class="btn" type="submit">Sign {name} out</button>
          </form>
        )}
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
          what={`${name} leaves the workspace ${viewer.workspace.name}: they are signed out and their keys stop working. It takes an invitation to let them in again.`}
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
