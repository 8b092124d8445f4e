/** What the forms of tasks do, each followed by the page it came from. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { newTaskSchema, taskPatchSchema } from "@/lib/chat/task_input.ts";
import { AppError } from "@/lib/errors.ts";
import type { State } from "@/utils.ts";
import {
  acceptVersion,
  attemptForm,
  backPath,
  formKey,
  parseForm,
  toTaskInput,
  withParameter,
} from "./task_form.ts";

/**
 * Does what a form of tasks asks for.
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnTask(
  { caller, services: { tags, taskRuns, tasks }, space }: State,
  form: URLSearchParams,
): Promise<string> {
  const back = backPath(form.get("back"));
  const id = form.get("id") ?? "";
  switch (form.get("action")) {
    case "add": {
      const input = parseForm(newTaskSchema, toTaskInput(form), form);
      await attemptForm(
        form,
        () => tasks.create(space, input, formKey(form, input)),
      );
      return back;
    }
    case "save": {
      const patch = parseForm(
        taskPatchSchema,
        { ...toTaskInput(form), status: form.get("status") },
        form,
      );
      await attemptForm(
        form,
        () => tasks.update(space, id, patch, acceptVersion(form)),
      );
      return back;
    }
    case "status": {
      const status = form.get("status");
      const patch = parseForm(taskPatchSchema, { status }, form);
      await tasks.update(space, id, patch, acceptVersion(form));
      return back;
    }
    case "run":
      await taskRuns.start(space, id, storedCaller(caller));
      return back;
    case "delete":
      await tasks.delete(space, id, acceptVersion(form));
      return withParameter(back, "deleted", id);
    case "delete-tag":
      await tags.delete(space, form.get("tag") ?? "");
      return "/tasks";
    case "restore":
      await tasks.restore(space, id);
      return back;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
