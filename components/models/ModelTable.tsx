import type { VNode } from "preact";
import { audienceOf, AUDIENCES } from "@/lib/shared/model_words.ts";
import type { Group, ModelSetting } from "@/lib/shared/wire.ts";

export interface ModelTableProps {
  models: readonly ModelSetting[];
  /** What new threads begin with, by id; null: none of these. */
  defaultModel: string | null;
  groups: readonly Pick<Group, "id" | "name">[];
  /** Whether there are several people to tell apart. */
  hasPeople: boolean;
}

/** Models, each with whether lists show it and who may ask it; part of a form. */
export function ModelTable(
  { models, defaultModel, groups, hasPeople }: ModelTableProps,
): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Models">
      <table class="table table-stack model-table">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Provider</th>
            <th scope="col">In lists</th>
            {hasPeople && <th scope="col">May ask it</th>}
          </tr>
        </thead>
        <tbody>
          {models.map((model, row) => (
            <Row
              key={model.id}
              model={model}
              row={row}
              isDefault={model.id === defaultModel}
              groups={groups}
              hasPeople={hasPeople}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { model, row, isDefault, groups, hasPeople }: {
    model: ModelSetting;
    row: number;
    isDefault: boolean;
    groups: ModelTableProps["groups"];
    hasPeople: boolean;
  },
): VNode {
  const { id, name, provider, isListed, isThere } = model;
  return (
    <tr>
      <th scope="row" class="anywhere">
        <input type="hidden" name="model" value={id} />
        {name}
        {isDefault && <span class="badge provider-badge">Default</span>}
        {!isThere && <span class="badge provider-badge">Not there now</span>}
      </th>
      <td data-label="Provider" class="anywhere">{provider}</td>
      <td data-label="In lists">
        <input
          type="checkbox"
          class="model-listed"
          name={`listed-${row}`}
          aria-label={`${name} in lists`}
          checked={isListed}
        />
      </td>
      {hasPeople && (
        <td data-label="May ask it">
          <Audiences model={model} row={row} groups={groups} />
        </td>
      )}
    </tr>
  );
}

function Audiences(
  { model, row, groups }: {
    model: ModelSetting;
    row: number;
    groups: ModelTableProps["groups"];
  },
): VNode {
  const audience = audienceOf(model);
  return (
    <div class="model-audience">
      <select
        class="select"
        name={`audience-${row}`}
        aria-label={`Who may ask ${model.name}`}
      >
        {AUDIENCES.filter(({ value }) =>
          value !== "groups" || groups.length > 0 || audience === "groups"
        ).map(({ value, words }) => (
          <option key={value} value={value} selected={value === audience}>
            {words}
          </option>
        ))}
      </select>
      {groups.length > 0 && (
        <input
          class="input"
          name={`groups-${row}`}
          aria-label={`Groups that may ask ${model.name} besides, by name`}
          placeholder="groups, by name"
          maxLength={2_000}
          autocomplete="off"
          list="model-groups"
          value={namesOf(model, groups)}
        />
      )}
    </div>
  );
}

/** A group that is not among them keeps its id. */
function namesOf(
  model: ModelSetting,
  groups: ModelTableProps["groups"],
): string {
  return model.groups
    .map((id) => groups.find((group) => group.id === id)?.name ?? id)
    .join(", ");
}
