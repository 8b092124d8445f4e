import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Model, Project } from "@/lib/shared/wire.ts";
import { ColorChoice } from "./ColorChoice.tsx";

export interface ProjectSettingsProps {
  project: Project;
  form: FormState;
  models: Model[];
  /** Whether the page was asked for right after saving. */
  isSaved: boolean;
}

const PROMPT_HINT =
  "Each thread of this project begins with it, before the first question.";

/** Name, colour, system prompt and model of a project, and its end. */
export function ProjectSettings(
  { project, form: { values, errors }, models, isSaved }: ProjectSettingsProps,
): VNode {
  return (
    <>
      <form
        class="project-form stack"
        method="post"
        action={`/projects/${project.id}#project-settings`}
      >
        <input type="hidden" name="action" value="save" />
        <input type="hidden" name="id" value={project.id} />
        <input type="hidden" name="version" value={project.version} />
        <FormTrouble message={errors[""]} />
        <FormField id="project-name" label="Name" error={errors.name}>
          <input
            class="input"
            id="project-name"
            name="name"
            required
            autocomplete="off"
            value={values.name ?? project.name}
            {...describe("project-name", errors.name)}
          />
        </FormField>
        <ColorChoice color={values.color ?? project.color} />
        <FormField
          id="project-prompt"
          label="System prompt"
          hint={PROMPT_HINT}
          error={errors.systemPrompt}
        >
          <textarea
            class="input"
            id="project-prompt"
            name="systemPrompt"
            rows={6}
            {...describe("project-prompt", errors.systemPrompt, PROMPT_HINT)}
          >
            {values.systemPrompt ?? project.systemPrompt}
          </textarea>
        </FormField>
        <FormField
          id="project-model"
          label="Default model"
          error={errors.defaultModel}
        >
          <ModelSelect
            models={models}
            chosen={values.defaultModel ?? project.defaultModel ?? ""}
          />
        </FormField>
        <div class="btn-row">
          <button class="btn btn-primary" type="submit">Save project</button>
          <span class="hint" role="status">
            {isSaved ? "Project saved" : ""}
          </span>
        </div>
      </form>
      <form class="project-end" method="post" action="/projects">
        <input type="hidden" name="action" value="delete" />
        <input type="hidden" name="id" value={project.id} />
        <input type="hidden" name="version" value={project.version} />
        <button
          class="btn btn-danger"
          type="submit"
          aria-describedby="project-end-hint"
        >
          Delete project
        </button>
        <p class="hint" id="project-end-hint">
          Its threads and tasks stay, without a project. It can be undone for
          five minutes.
        </p>
      </form>
    </>
  );
}

function ModelSelect(
  { models, chosen }: { models: Model[]; chosen: string },
): VNode {
  const isListed = chosen === "" || models.some(({ id }) => id === chosen);
  return (
    <select class="select" id="project-model" name="defaultModel">
      <option value="">The usual default</option>
      {!isListed && (
        <option value={chosen} selected>{chosen} (not listed now)</option>
      )}
      {models.map(({ id, label }) => (
        <option key={id} value={id} selected={id === chosen}>{label}</option>
      ))}
    </select>
  );
}
