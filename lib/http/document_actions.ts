/** What the forms of documents do, each followed by the page it came from. */
import {
  addressSchema,
  documentPatchSchema,
} from "@/lib/documents/document_input.ts";
import { MAX_DOCUMENT_BYTES } from "@/lib/documents/upload_limits.ts";
import { AppError } from "@/lib/errors.ts";
import { EMPTY_FORM } from "@/lib/shared/form_state.ts";
import { isId } from "@/lib/shared/ids.ts";
import type { State } from "@/utils.ts";
import { receiveFile, refuseEmpty } from "./file_upload.ts";
import { attemptForm, FormRefused, parseForm } from "./task_form.ts";

/** Where a form may lead back to. */
const BACK =
  /^\/(documents(\/doc_[0-9A-Za-z]{22})?|projects\/prj_[0-9A-Za-z]{22})(\?[^\s\\]*)?$/;

function backOf(form: URLSearchParams): string {
  const back = form.get("back") ?? "";
  return BACK.test(back) ? back : "/documents";
}

/**
 * Does what a form of documents asks for.
 * @returns where to go next
 * @throws {FormRefused} when what was typed cannot be accepted
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnDocument(
  { services: { documents }, space }: State,
  form: URLSearchParams,
): Promise<string> {
  const id = form.get("id") ?? "";
  const back = backOf(form);
  switch (form.get("action")) {
    case "fetch": {
      const wanted = parseForm(addressSchema, {
        url: form.get("url") ?? "",
        projectId: form.get("projectId") || null,
      }, form);
      await attemptForm(form, () => documents.getFrom(space, wanted));
      return back;
    }
    case "save": {
      const patch = parseForm(documentPatchSchema, {
        name: form.get("name") ?? "",
        projectId: form.get("projectId") || null,
      }, form);
      await attemptForm(form, () => documents.update(space, id, patch));
      return back;
    }
    case "attach":
    case "detach": {
      const isAttached = form.get("action") === "attach";
      const projectId = isAttached ? form.get("projectId") : null;
      const patch = parseForm(documentPatchSchema, { projectId }, form);
      await documents.update(space, id, patch);
      return back;
    }
    case "cancel":
      await documents.cancel(space, id);
      return back;
    case "retry":
      await documents.retry(space, id);
      return back;
    case "reindex":
      await documents.reindex(space, id);
      return back;
    case "delete":
      await documents.remove(space, id);
      return back.startsWith("/documents/") ? "/documents" : back;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

/** Whether a form brings a file. */
export function bringsFile(request: Request): boolean {
  const type = request.headers.get("content-type") ?? "";
  return type.toLowerCase().startsWith("multipart/form-data");
}

/**
 * Takes the file of a form in.
 * @returns where to go next
 * @throws {FormRefused} for a file that cannot be taken
 */
export async function takeFile(
  { services: { documents, files }, space }: State,
  request: Request,
): Promise<string> {
  try {
    const upload = await receiveFile(request, {
      files,
      maxBytes: MAX_DOCUMENT_BYTES,
      signal: request.signal,
    });
    try {
      refuseEmpty(upload.content);
    } catch (error) {
      await files.drop(upload.content);
      throw error;
    }
    const { projectId } = upload.fields;
    const document = await documents.adopt(space, {
      name: upload.name,
      projectId: isId("prj", projectId ?? "") ? projectId : null,
    }, upload.content);
    return `/documents#${document.id}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const errors = { "": error.message };
    throw new FormRefused(error.status, { ...EMPTY_FORM, errors });
  }
}
