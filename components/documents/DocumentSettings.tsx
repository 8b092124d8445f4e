import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import type { Document } from "@/lib/shared/wire.ts";
import { DocumentActs } from "./DocumentActs.tsx";

/** A document's name and project, and its end. */
export function DocumentSettings(
  { document, projects }: {
    document: Document;
    projects: readonly { id: string; name: string }[];
  },
): VNode {
  const { id, name, projectId } = document;
  const back = `/documents/${id}`;
  return (
    <div class="stack">
      <form class="document-settings" method="post" action="/documents">
        <input type="hidden" name="action" value="save" />
        <input type="hidden" name="id" value={id} />
        <input type="hidden" name="back" value={back} />
        <div class="field">
          <label for="document-name">Name</label>
          <input
            class="input"
            id="document-name"
            name="name"
            required
            maxLength={255}
            autocomplete="off"
            value={name}
          />
        </div>
        <div class="field">
          <label for="document-in">Project</label>
          <select class="select" id="document-in" name="projectId">
            <option value="">None</option>
            {projects.map((project) => (
              <option
                key={project.id}
                value={project.id}
                selected={project.id === projectId}
              >
                {project.name}
              </option>
            ))}
          </select>
        </div>
        <button class="btn" type="submit">Save</button>
      </form>
      <Confirm
        label="Delete document"
        what="The document goes for good, with what was found in it. Answers that quoted it stay as they are."
        small
      >
        <DocumentActs document={document} acts={["delete"]} back="/documents" />
      </Confirm>
    </div>
  );
}
