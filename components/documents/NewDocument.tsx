import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

export interface NewDocumentProps {
  projects: readonly { id: string; name: string }[];
  /** What was typed into a form that was refused. */
  form: FormState;
  /** Takes files without leaving the page; absent before there is a script. */
  onFiles?: (files: readonly File[], projectId: string | null) => void;
}

/** Endings that the file dialog offers; what a document is, its content says. */
const ACCEPT = ".csv,.tsv,.jsonl,.ndjson,.txt,.md,.markdown,.log,.pdf";

/** A place for files and a field for an address. Both are forms, and work without a script. */
export function NewDocument(
  { projects, form, onFiles }: NewDocumentProps,
): VNode {
  const [isOver, setIsOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const project = useRef<HTMLSelectElement>(null);
  const take = (files: FileList | null | undefined) => {
    if (onFiles === undefined || !files?.length) return;
    onFiles([...files], project.current?.value || null);
  };
  const { values, errors } = form;
  return (
    <div class="new-documents">
      <form
        class="drop-place"
        method="post"
        action="/documents"
        encType="multipart/form-data"
        data-over={isOver ? "" : undefined}
        onDragOver={(event) => {
          if (onFiles === undefined) return;
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => {
          if (onFiles === undefined) return;
          event.preventDefault();
          setIsOver(false);
          take(event.dataTransfer?.files);
        }}
        onSubmit={(event) => {
          if (onFiles === undefined) return;
          event.preventDefault();
          take(input.current?.files);
          event.currentTarget.reset();
        }}
      >
        <div class="field">
          <label for="document-file">File</label>
          <input
            class="input"
            type="file"
            id="document-file"
            name="file"
            accept={ACCEPT}
            required
            multiple={onFiles !== undefined}
            ref={input}
            aria-describedby="document-file-hint"
          />
          <p class="hint" id="document-file-hint">
            CSV, JSONL, text, Markdown or PDF, up to 128 MB.{" "}
            {/* It has its place before it holds, so that nothing moves. */}
            <span class={onFiles === undefined ? "not-yet" : undefined}>
              Or drop files here.
            </span>
          </p>
        </div>
        <ProjectField
          projects={projects}
          id="document-project"
          field={project}
        />
        <button class="btn btn-primary" type="submit">
          <Icon name="plus" />
          Upload
        </button>
      </form>
      <form class="address-place" method="post" action="/documents">
        <input type="hidden" name="action" value="fetch" />
        <div class="field">
          <label for="document-url">Web address</label>
          <input
            class="input"
            type="url"
            id="document-url"
            name="url"
            required
            autocomplete="off"
            placeholder="https://example.org/levels.csv"
            value={values.url ?? ""}
            aria-invalid={errors.url === undefined ? undefined : "true"}
            aria-describedby={errors.url === undefined
              ? undefined
              : "document-url-error"}
          />
          {errors.url !== undefined && (
            <p class="field-error" id="document-url-error">
              <Icon name="alert" small />
              {errors.url}
            </p>
          )}
        </div>
        <ProjectField projects={projects} id="address-project" />
        <button class="btn" type="submit">Fetch</button>
      </form>
    </div>
  );
}

function ProjectField(
  { projects, id, field }: {
    projects: NewDocumentProps["projects"];
    id: string;
    field?: { current: HTMLSelectElement | null };
  },
): VNode | null {
  if (projects.length === 0) return null;
  return (
    <div class="field">
      <label for={id}>Project</label>
      <select class="select" id={id} name="projectId" ref={field}>
        <option value="">None</option>
        {projects.map(({ id, name }) => (
          <option key={id} value={id}>{name}</option>
        ))}
      </select>
    </div>
  );
}
