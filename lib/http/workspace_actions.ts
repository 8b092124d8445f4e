/** What the forms of workspaces do, each followed by a page. */
import {
  newWorkspaceSchema,
  workspacePatchSchema,
} from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { acceptVersion, attemptForm, parseForm } from "@/lib/http/task_form.ts";
import type { State } from "@/utils.ts";

/**
 * Does what a form of `/workspaces` asks for.
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnWorkspaces(
  state: State,
  form: URLSearchParams,
): Promise<string> {
  const { caller, services: { sessions, workspaces } } = state;
  const id = form.get("id") ?? "";
  const name = form.get("name") ?? "";
  switch (form.get("action")) {
    case "switch":
      await sessions.switchWorkspace(caller, id);
      return "/";
    case "create": {
      if (!caller.isOperator) throw notAnOperator();
      const input = parseForm(newWorkspaceSchema, { name }, form);
      await attemptForm(form, () => workspaces.create(caller, input));
      return "/workspaces";
    }
    case "rename": {
      const patch = parseForm(workspacePatchSchema, { name }, form);
      await attemptForm(
        form,
        () => workspaces.update(caller, id, patch, acceptVersion(form)),
      );
      return "/workspaces";
    }
    case "delete":
      return await deleteWorkspace(state, id, form);
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

/** Deletes a workspace. The session goes on in another one, since in this it would end. */
async function deleteWorkspace(
  { caller, services: { sessions, workspaces, personalData } }: State,
  id: string,
  form: URLSearchParams,
): Promise<string> {
  const there = await workspaces.list(caller.user);
  await attemptForm(
    form,
    () => workspaces.delete(caller, id, acceptVersion(form)),
  );
  personalData.oldThreads.soon();
  const other = there.find((workspace) => workspace.id !== id);
  if (caller.workspace !== id) return "/workspaces";
  if (other === undefined) return "/signin";
  await sessions.switchWorkspace(caller, other.id);
  return "/workspaces";
}

function notAnOperator(): AppError {
  return new AppError({
    status: 403,
    code: "forbidden",
    message: "This takes an admin of the server.",
  });
}
