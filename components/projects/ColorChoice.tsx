import type { VNode } from "preact";
import { hueOf, PROJECT_COLORS } from "@/lib/shared/project_colors.ts";
import { Swatch } from "./Swatch.tsx";

/** Eight colours by name, and the project's own when a program gave it one. */
export function ColorChoice({ color }: { color: string }): VNode {
  const isOwn = hueOf(color) === null;
  return (
    <fieldset class="field">
      <legend class="field-label">Colour</legend>
      <div class="colors">
        {PROJECT_COLORS.map((name) => (
          <Choice
            key={name}
            value={name}
            label={name[0].toUpperCase() + name.slice(1)}
            isChosen={name === color}
          />
        ))}
        {isOwn && <Choice value={color} label={color} isChosen />}
      </div>
    </fieldset>
  );
}

function Choice(
  { value, label, isChosen }: {
    value: string;
    label: string;
    isChosen: boolean;
  },
): VNode {
  return (
    <label class="color">
      <input type="radio" name="color" value={value} checked={isChosen} />
      <Swatch color={value} />
      {label}
    </label>
  );
}
