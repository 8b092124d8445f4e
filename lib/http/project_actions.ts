/** What the forms of projects do, each followed by a page. */
import {
  newProjectSchema,
  projectPatchSchema,
} from "@/lib/chat/project_input.ts";
import { AppError } from "@/lib/errors.ts";
import type { State } from "@/utils.ts";
import {
  acceptVersion,
  attemptForm,
  formKey,
  parseForm,
  toProjectInput,
} from "./task_form.ts";

/**
 * Does what a form of projects asks for.
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnProject(
  { services: { projects, threads }, space }: State,
  form: URLSearchParams,
): Promise<string> {
  const id = form.get("id") ?? "";
  switch (form.get("action")) {
    case "add": {
      const { name, color } = toProjectInput(form);
      const input = parseForm(newProjectSchema, { name, color }, form);
      const project = await attemptForm(
        form,
        () => projects.create(space, input, formKey(form, input)),
      );
      return `/projects/${project.id}`;
    }
    case "save": {
      const patch = parseForm(projectPatchSchema, toProjectInput(form), form);
      await attemptForm(
        form,
        () => projects.update(space, id, patch, acceptVersion(form)),
      );
      return `/projects/${id}?saved=1#project-settings`;
    }
    case "thread": {
      const input = { projectId: id };
      const thread = await threads.create(
        space,
        input,
        formKey(form, input),
      );
      return `/c/${thread.id}`;
    }
    case "delete":
      await projects.delete(space, id, acceptVersion(form));
      return `/projects?deleted=${id}`;
    case "restore":
      await projects.restore(space, id);
      return `/projects/${id}`;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
