/** What the pages of people show and do. */
import { normaliseEmail } from "@/lib/auth/email.ts";
import type { FreshInvitation } from "@/lib/auth/invitations.ts";
import { newInvitationSchema, userPatchSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { acceptVersion, attemptForm, parseForm } from "@/lib/http/task_form.ts";
import { loadPlaces, type Places } from "@/lib/http/viewer.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Group, Invitation, Page, User } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** Groups that a form offers, and invitations that a page shows, at most. */
const MOST_CHOICES = 200;

/** What `/admin/users` shows. */
export interface PeopleView extends Places {
  people: Page<User>;
  invitations: Page<Invitation>;
  groups: Group[];
  /** Id of who looks at the page. */
  self: string;
  sendsMail: boolean;
}

export async function loadPeople(
  state: State,
  query: PageQuery,
): Promise<PeopleView> {
  const { caller, services } = state;
  const choices = { limit: MOST_CHOICES, cursor: null };
  const [places, people, invitations, groups] = await Promise.all([
    loadPlaces(state),
    services.users.list(caller.workspace, query),
    services.invitations.list(caller.workspace, choices),
    services.groups.list(caller.workspace, choices),
  ]);
  return {
    ...places,
    people,
    invitations,
    groups: groups.items,
    self: caller.user,
    sendsMail: services.mailer.isOn && services.config.publicUrl !== null,
  };
}

/** Id of who has an address in the workspace, or null: nobody. */
export async function findPerson(
  { caller, services: { users } }: State,
  text: string,
): Promise<string | null> {
  const email = normaliseEmail(text);
  const account = email === null ? null : await users.findByEmail(email);
  if (account === null) return null;
  try {
    return (await users.require(caller.workspace, account.id)).id;
  } catch (error) {
    // Somebody of another workspace is as unknown here as nobody.
    if (error instanceof AppError && error.status === 404) return null;
    throw error;
  }
}

/** What `/admin/users/:id` shows. */
export interface PersonView extends Places {
  person: User;
  groups: Group[];
  self: string;
}

/** @throws {AppError} 404 `not_found` */
export async function loadPerson(
  state: State,
  id: string,
): Promise<PersonView> {
  const { caller, services } = state;
  const [places, person, groups] = await Promise.all([
    loadPlaces(state),
    services.users.require(caller.workspace, id),
    services.groups.list(caller.workspace, {
      limit: MOST_CHOICES,
      cursor: null,
    }),
  ]);
  return { ...places, person, groups: groups.items, self: caller.user };
}

/**
 * Does what a form of `/admin/users` asks for.
 * @returns where to go next, or an invitation whose link is shown this once
 * @throws {FormRefused} when what was typed cannot be accepted
 */
export async function actOnInvitations(
  { caller, origin, services: { invitations } }: State,
  form: URLSearchParams,
): Promise<string | FreshInvitation> {
  const here = origin ?? "";
  const id = form.get("id") ?? "";
  switch (form.get("action")) {
    case "invite": {
      const input = parseForm(newInvitationSchema, {
        email: form.get("email") ?? "",
        role: form.get("role") ?? "",
        groups: form.getAll("group"),
      }, form);
      return await attemptForm(
        form,
        () => invitations.create(caller, input, here),
      );
    }
    case "resend":
      return await invitations.resend(caller, id, here);
    case "revoke":
      await invitations.revoke(caller, id);
      return "/admin/users?done=revoked#invitations";
  }
  throw unknownForm();
}

/**
 * Does what a form of `/admin/users/:id` asks for.
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 */
export async function actOnPerson(
  { caller, services: { users } }: State,
  id: string,
  form: URLSearchParams,
): Promise<string> {
  const { workspace } = caller;
  const here = `/admin/users/${id}`;
  const accept = acceptVersion(form);
  switch (form.get("action")) {
    case "save": {
      const patch = parseForm(userPatchSchema, {
        name: form.get("name") ?? undefined,
        role: form.get("role") ?? undefined,
        groups: form.getAll("group"),
      }, form);
      await attemptForm(
        form,
        () => users.update(caller, workspace, id, patch, accept),
      );
      return `${here}?done=save`;
    }
    case "disable":
    case "enable": {
      const disabled = form.get("action") === "disable";
      await attemptForm(
        form,
        () => users.update(caller, workspace, id, { disabled }, accept),
      );
      return here;
    }
    case "sign-out":
      await attemptForm(form, () => users.signOut(caller, workspace, id));
      return `${here}?done=sign-out`;
    case "remove":
      await attemptForm(
        form,
        () => users.remove(caller, workspace, id, accept),
      );
      return "/admin/users?done=removed";
  }
  throw unknownForm();
}

function unknownForm(): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
