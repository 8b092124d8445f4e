import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { STRATEGY_WORDS } from "@/lib/shared/provider_words.ts";
import { targetRows } from "@/lib/shared/route_rows.ts";
import type { RouteDetails } from "@/lib/shared/wire.ts";

const ID_HINT = "Callers use it as the name of a model, such as best or cheap.";

const DEADLINES = [
  ["connect", "Connection within", 5_000],
  ["firstToken", "First token within", 30_000],
  ["tokenGap", "Gap between tokens", 20_000],
  ["total", "Whole answer within", 600_000],
] as const;

const SECOND_MS = 1_000;

/** Models that somebody may name: a provider and its own names. */
export interface ModelChoices {
  providers: readonly string[];
  /** All names, of all providers. */
  models: readonly string[];
}

/** Name, targets, order and deadlines of a route, new (null) or changed. */
export function RouteFields(
  { id, route, choices, form: { values, errors } }: {
    /** Begins the ids of the fields. */
    id: string;
    route: RouteDetails | null;
    choices: ModelChoices;
    form: FormState;
  },
): VNode {
  const field = (name: string) => `${id}-${name}`;
  const strategy = values.strategy ?? route?.strategy ?? "priority";
  const rows = targetRows(route?.targets ?? [], values);
  return (
    <>
      {route === null && (
        <FormField
          id={field("id")}
          label="Name"
          hint={ID_HINT}
          error={errors.id}
        >
          <input
            class="input"
            id={field("id")}
            name="id"
            required
            maxLength={63}
            autocomplete="off"
            spellcheck={false}
            placeholder="best"
            value={values.id}
            {...describe(field("id"), errors.id, ID_HINT)}
          />
        </FormField>
      )}
      <FormField
        id={field("strategy")}
        label="Who is asked"
        error={errors.strategy}
      >
        <select class="select" id={field("strategy")} name="strategy">
          {Object.entries(STRATEGY_WORDS).map(([value, { words, meaning }]) => (
            <option key={value} value={value} selected={value === strategy}>
              {words}: {meaning}
            </option>
          ))}
        </select>
      </FormField>
      <fieldset class="route-rows">
        <legend>Models</legend>
        {errors.targets !== undefined && (
          <p class="field-error" role="alert">
            <Icon name="alert" small />
            {errors.targets}
          </p>
        )}
        <div class="route-row route-heads" aria-hidden="true">
          <span>Place</span>
          <span>Provider</span>
          <span>Model</span>
          <span>Weight</span>
        </div>
        {rows.map((row, index) => {
          const named = (name: string) => field(`${name}-${index}`);
          const label = (what: string) => `${what} of model ${index + 1}`;
          return (
            <div class="route-row" key={index}>
              <input
                class="input tnum"
                name={`place-${index}`}
                id={named("place")}
                aria-label={label("Place")}
                inputMode="numeric"
                autocomplete="off"
                value={row.place}
              />
              <select
                class="select"
                name={`provider-${index}`}
                id={named("provider")}
                aria-label={label("Provider")}
              >
                <Providers choices={choices.providers} chosen={row.provider} />
              </select>
              <input
                class="input"
                name={`model-${index}`}
                id={named("model")}
                aria-label={label("Name")}
                placeholder={index === 0 ? "name of the model" : undefined}
                maxLength={200}
                autocomplete="off"
                spellcheck={false}
                list={field("models")}
                value={row.model}
              />
              <input
                class="input tnum"
                name={`weight-${index}`}
                id={named("weight")}
                aria-label={label("Weight")}
                inputMode="decimal"
                autocomplete="off"
                value={row.weight}
              />
            </div>
          );
        })}
        <p class="hint">
          The model goes by the provider’s own name. Weights count by weight
          alone. A row without a model is left out; save to get more rows.
        </p>
        <datalist id={field("models")}>
          {choices.models.map((name) => <option key={name} value={name} />)}
        </datalist>
      </fieldset>
      <div class="money-fields">
        <FormField
          id={field("retries")}
          label="Tries again, each model"
          error={errors.retries}
        >
          <input
            class="input tnum"
            id={field("retries")}
            name="retries"
            inputMode="numeric"
            autocomplete="off"
            value={values.retries ?? String(route?.retries ?? 2)}
            {...describe(field("retries"), errors.retries)}
          />
        </FormField>
        {DEADLINES.map(([name, label, defaultMs]) => (
          <FormField
            key={name}
            id={field(name)}
            label={`${label}, s`}
            error={name === "connect" ? errors.timeoutsMs : undefined}
          >
            <input
              class="input tnum"
              id={field(name)}
              name={name}
              inputMode="decimal"
              autocomplete="off"
              value={values[name] ??
                String((route?.timeoutsMs[name] ?? defaultMs) / SECOND_MS)}
              {...describe(
                field(name),
                name === "connect" ? errors.timeoutsMs : undefined,
              )}
            />
          </FormField>
        ))}
      </div>
    </>
  );
}

/** The providers there are, and the one that is named though it is gone. */
function Providers(
  { choices, chosen }: { choices: readonly string[]; chosen: string },
): VNode {
  const isGone = chosen !== "" && !choices.includes(chosen);
  return (
    <>
      {[...choices, ...(isGone ? [chosen] : [])].map((id) => (
        <option key={id} value={id} selected={id === chosen}>
          {isGone && id === chosen ? `${id} (is gone)` : id}
        </option>
      ))}
    </>
  );
}
