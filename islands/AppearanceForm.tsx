import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { announce, announcement } from "@/lib/shared/announce.ts";
import {
  type Appearance,
  APPEARANCE_COOKIES,
  appearanceCookie,
} from "@/lib/shared/appearance.ts";

type Name = keyof Appearance;

interface Choice {
  name: Name;
  label: string;
  hint?: string;
  options: [value: string, label: string][];
}

const CHOICES: Choice[] = [
  {
    name: "theme",
    label: "Theme",
    hint: "System follows your device.",
    options: [["system", "System"], ["light", "Light"], ["dark", "Dark"]],
  },
  {
    name: "face",
    label: "Answers are set in",
    hint: "Book uses your device’s serif, Plain its interface face.",
    options: [["serif", "Book"], ["plain", "Plain"]],
  },
  {
    name: "size",
    label: "Size",
    options: [["normal", "Regular"], ["large", "Large"]],
  },
];

/** Shows a choice at once and keeps it in its cookie. */
function applyChoice(name: Name, value: string): void {
  const data = document.documentElement.dataset;
  const isDefault = ["system", "serif", "normal"].includes(value);
  if (isDefault) delete data[name];
  else data[name] = value;
  document.cookie = appearanceCookie(
    APPEARANCE_COOKIES[name],
    value,
    location.protocol === "https:",
  );
}

/** How pages look. Choices count at once; without JavaScript the form is sent. */
export default function AppearanceForm(
  { appearance }: { appearance: Appearance },
): VNode {
  const [chosen, setChosen] = useState<Record<Name, string>>({ ...appearance });
  const choose = (name: Name, value: string, label: string) => {
    setChosen({ ...chosen, [name]: value });
    applyChoice(name, value);
    announce(`${label} is used now`);
  };
  return (
    <form method="post" action="/settings">
      {CHOICES.map(({ name, label, hint, options }) => (
        <div class="setting" key={name}>
          <div>
            <div class="setting-name">{label}</div>
            {hint && <div class="hint">{hint}</div>}
          </div>
          <fieldset class="segments">
            <legend class="sr">{label}</legend>
            {options.map(([value, text]) => (
              <label key={value}>
                <input
                  type="radio"
                  name={name}
                  value={value}
                  checked={chosen[name] === value}
                  onChange={() => choose(name, value, text)}
                />
                {text}
              </label>
            ))}
          </fieldset>
        </div>
      ))}
      <noscript>
        <p class="mt-4">
          <button class="btn" type="submit">Save appearance</button>
        </p>
      </noscript>
      <p class="sr" role="status">{announcement.value}</p>
    </form>
  );
}
