import type { ComponentChildren, VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { RunningSettingsView } from "@/lib/shared/server_settings_view.ts";

const POLICIES: readonly [string, string][] = [
  ["off", "None"],
  ["deterministic", "Those that would be the same again"],
  ["all", "All"],
];

const SCOPES: readonly [string, string][] = [
  ["workspace", "Everyone in the workspace"],
  ["user", "Who asked"],
  ["key", "The key that asked"],
];

interface Part {
  view: RunningSettingsView;
  form: FormState;
  /** Whether the form was refused, so that what was typed is shown again. */
  isRefused: boolean;
}

/** Settings that can be set while the server runs. */
export function ServerSettingsForm(
  { view, form }: { view: RunningSettingsView; form: FormState },
): VNode {
  const isRefused = form.values.section === "server";
  const part: Part = { view, form, isRefused };
  return (
    <form
      class="mt-4 server-settings"
      method="post"
      action="/admin/settings"
    >
      <input type="hidden" name="section" value="server" />
      <input type="hidden" name="version" value={view.version} />
      {isRefused && <FormTrouble message={form.errors[""]} />}
      <Group legend="Titles of threads">
        <Box part={part} name="titles.enabled">A model makes them</Box>
        <Text
          part={part}
          name="titles.model"
          label="Which model"
          hint="Empty: the cheapest one with a price of the provider that answered."
        />
      </Group>
      <Group legend="Answers that are kept">
        <Choice
          part={part}
          name="cache.policy"
          label="Which"
          choices={POLICIES}
          hint="The same again: asked with temperature 0 or a seed."
        />
        <Choice
          part={part}
          name="cache.scope"
          label="Who gets them"
          choices={SCOPES}
          hint="What was kept for others before is asked anew."
        />
        <Text
          part={part}
          name="cache.ttlSeconds"
          label="How long, in seconds"
          hint="Holds for what is kept from now on."
          isNumber
        />
      </Group>
      <Group legend="Records of requests">
        <Box part={part} name="requestLog.bodies">
          Keep question and answer with each
        </Box>
        <Box part={part} name="requestLog.redact">
          Take addresses of mail out of them
        </Box>
      </Group>
      <Group legend="How much at a time">
        <Text
          part={part}
          name="admission.maxStreams"
          label="Requests in progress at most"
          hint="Empty: as many as connections and memory allow."
          isNumber
        />
      </Group>
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Save settings</button>
      </div>
    </form>
  );
}

function Group(
  { legend, children }: { legend: string; children: ComponentChildren },
): VNode {
  return (
    <fieldset class="server-group">
      <legend class="field-label">{legend}</legend>
      {children}
    </fieldset>
  );
}

/** What a field shows: what was typed when the form was refused, else what holds. */
function shown({ view, form, isRefused }: Part, name: string): string {
  return (isRefused ? form.values[name] : view.values[name]) ?? "";
}

/** What the config file says of a setting that somebody has set here; nothing where nobody has. */
function inFile(
  { view: { set, configured } }: Part,
  name: string,
  words: (value: string) => string,
): string | undefined {
  if (!set.includes(name)) return undefined;
  const value = configured[name];
  return `Set here. Without that: ${words(value)}.`;
}

function Text(
  { part, name, label, hint, isNumber = false }: {
    part: Part;
    name: string;
    label: string;
    hint: string;
    isNumber?: boolean;
  },
): VNode {
  const id = `server-${name.replace(".", "-")}`;
  const error = part.isRefused ? part.form.errors[name] : undefined;
  const note = inFile(part, name, (value) => value === "" ? "empty" : value);
  const help = note === undefined ? hint : `${hint} ${note}`;
  return (
    <FormField id={id} label={label} hint={help} error={error}>
      <input
        class="input"
        id={id}
        name={name}
        autocomplete="off"
        inputMode={isNumber ? "numeric" : undefined}
        spellcheck={false}
        value={shown(part, name)}
        {...describe(id, error, help)}
      />
    </FormField>
  );
}

function Choice(
  { part, name, label, choices, hint }: {
    part: Part;
    name: string;
    label: string;
    choices: readonly [string, string][];
    hint: string;
  },
): VNode {
  const id = `server-${name.replace(".", "-")}`;
  const error = part.isRefused ? part.form.errors[name] : undefined;
  const wordsOf = (value: string) =>
    choices.find(([each]) => each === value)?.[1] ?? value;
  const note = inFile(part, name, wordsOf);
  const help = note === undefined ? hint : `${hint} ${note}`;
  return (
    <FormField id={id} label={label} hint={help} error={error}>
      <select class="select" id={id} name={name} {...describe(id, error, help)}>
        {choices.map(([value, words]) => (
          <option
            key={value}
            value={value}
            selected={shown(part, name) === value}
          >
            {words}
          </option>
        ))}
      </select>
    </FormField>
  );
}

function Box(
  { part, name, children }: {
    part: Part;
    name: string;
    children: ComponentChildren;
  },
): VNode {
  const note = inFile(part, name, (value) => value === "on" ? "on" : "off");
  return (
    <label class="check">
      <input
        type="checkbox"
        name={name}
        value="on"
        checked={shown(part, name) === "on"}
      />
      <span>
        {children}
        {note !== undefined && <span class="server-note">{note}</span>}
      </span>
    </label>
  );
}
