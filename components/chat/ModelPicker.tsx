import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Model } from "@/lib/shared/wire.ts";

export interface ModelPickerProps {
  models: Model[];
  /** Id of the model that is chosen; null when there is none. */
  chosen: string | null;
  onChoose: (id: string) => void;
}

/** Models by provider, in the order in which they came. */
function byProvider(models: Model[]): [string, Model[]][] {
  const groups = new Map<string, Model[]>();
  for (const model of models) {
    const group = groups.get(model.provider);
    if (group === undefined) groups.set(model.provider, [model]);
    else group.push(model);
  }
  return [...groups];
}

/** Where no provider says what it serves, a name can be written: any may be right. */
function ModelName(
  { chosen, onChoose }: Omit<ModelPickerProps, "models">,
): VNode {
  return (
    <>
      <input
        class="model-name"
        aria-label="Model"
        list="models"
        placeholder="Name of a model"
        autocomplete="off"
        spellcheck={false}
        value={chosen ?? ""}
        onInput={(event) => onChoose(event.currentTarget.value.trim())}
      />
      <datalist id="models"></datalist>
    </>
  );
}

/** Chooses the model of the next answer: the browser's own list, so keys, touch and search just work. */
export function ModelPicker(
  { models, chosen, onChoose }: ModelPickerProps,
): VNode {
  if (models.length === 0) {
    return <ModelName chosen={chosen} onChoose={onChoose} />;
  }
  const isListed = models.some(({ id }) => id === chosen);
  const groups = byProvider(models);
  const option = ({ id, label }: Model) => (
    <option key={id} value={id} selected={id === chosen}>{label}</option>
  );
  return (
    <span class="picker">
      <select
        aria-label="Model"
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {!isListed && (
          <option value={chosen ?? ""} selected>{chosen ?? "No model"}</option>
        )}
        {groups.length > 1
          ? groups.map(([provider, group]) => (
            <optgroup key={provider} label={provider}>
              {group.map(option)}
            </optgroup>
          ))
          : models.map(option)}
      </select>
      <Icon name="down" small />
    </span>
  );
}
