import type { VNode } from "preact";
import { FormField } from "@/components/FormField.tsx";
import type { EffectiveLimits } from "@/lib/shared/wire.ts";
import { LimitGauges } from "./LimitGauges.tsx";

export interface EffectiveForProps {
  /** What was asked for, as it was typed. */
  asked: { user: string; key: string; model: string };
  /** What holds; null: it was not found. */
  found: EffectiveLimits | null;
  /** Why not. */
  trouble: string | null;
  /** Whether there are people beside the viewer. */
  hasPeople: boolean;
  nowMs: number;
}

const FIELDS = [
  { name: "user", label: "Person", placeholder: "you", hint: "Email or id" },
  { name: "key", label: "Key", placeholder: "none", hint: "Id of the key" },
  { name: "model", label: "Model", placeholder: "any", hint: "Name or route" },
] as const;

/** Says which limits hold for somebody, and why. */
export function EffectiveFor(props: EffectiveForProps): VNode {
  const { asked, found, trouble, hasPeople, nowMs } = props;
  const fields = FIELDS.filter(({ name }) => hasPeople || name !== "user");
  return (
    <section class="section" id="effective" aria-labelledby="effective-title">
      <h2 id="effective-title">What holds for …</h2>
      <form
        class="limit-for mt-4"
        method="get"
        action="/admin/limits#effective"
      >
        {fields.map(({ name, label, placeholder, hint }) => (
          <FormField key={name} id={`for-${name}`} label={label}>
            <input
              class="input"
              id={`for-${name}`}
              name={name}
              autocomplete="off"
              placeholder={placeholder}
              title={hint}
              maxLength={256}
              value={asked[name]}
            />
          </FormField>
        ))}
        <button class="btn" type="submit">Show</button>
      </form>
      {trouble !== null && (
        <p class="field-error mt-4" role="alert">{trouble}</p>
      )}
      {found !== null && (
        found.limits.length + found.budgets.length === 0
          ? <p class="soft mt-4">No limits and no budgets hold.</p>
          : (
            <div class="mt-4">
              <LimitGauges of={found} nowMs={nowMs} />
            </div>
          )
      )}
    </section>
  );
}
