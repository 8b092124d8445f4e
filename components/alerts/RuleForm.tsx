import type { VNode } from "preact";
import { FormTrouble } from "@/components/FormField.tsx";
import {
  ALERT_METRIC_NAMES,
  type AlertMetricName,
  isAlertMetric,
  metricOf,
} from "@/lib/shared/alert_metrics.ts";
import { formUnit } from "@/lib/shared/alert_words.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { AlertOwner, AlertRule } from "@/lib/shared/wire.ts";
import { Choice, Field, Text } from "./RuleFields.tsx";

const SEVERITIES: readonly [AlertRule["severity"], string][] = [
  ["critical", "Critical: act now"],
  ["warning", "Warning: look at it"],
  ["info", "Info: shown here and told to webhooks; nobody is notified"],
];

export interface RuleFormProps {
  /** The rule that is changed; null: it is a new one. */
  rule: AlertRule | null;
  /** Versions of the rules, by whose they are; null: they are not the viewer's to change. */
  versions: { server: number | null; workspace: number };
  form: FormState;
}

/** Adds a rule, or changes one. */
export function RuleForm({ rule, versions, form }: RuleFormProps): VNode {
  const { values, errors } = form;
  const metric = rule?.metric ?? values.metric ?? "error_rate";
  const defaults = rule !== null && isAlertMetric(metric)
    ? metricOf(metric)
    : null;
  const isState = defaults?.unit === "state";
  const isUsage = rule === null || defaults?.source === "usage";
  const owner: AlertOwner = rule?.scope ??
    (versions.server === null ? "workspace" : "server");
  return (
    <form class="stack alert-form" method="post" action="/admin/alerts">
      <input type="hidden" name="action" value="save" />
      <FormTrouble message={errors[""]} />
      {rule === null
        ? (
          <NewRuleFields
            owner={owner}
            versions={versions}
            metric={metric}
            form={form}
          />
        )
        : (
          <>
            <input type="hidden" name="id" value={rule.id} />
            <input type="hidden" name="scope" value={rule.scope} />
            <input
              type="hidden"
              name="version"
              value={versions[rule.scope] ?? 0}
            />
            <input type="hidden" name="metric" value={rule.metric} />
          </>
        )}
      <Text
        name="title"
        label="Headline"
        form={form}
        start={own(rule?.title, defaults?.trouble)}
        placeholder={defaults?.trouble}
      />
      {!isState && (
        <div class="alert-fields">
          <Field name="side" label="Fires" form={form}>
            <select class="select" id="rule-side" name="side">
              <Choice
                name="side"
                value="above"
                start={rule?.above === null ? "below" : "above"}
                form={form}
              >
                above
              </Choice>
              <Choice
                name="side"
                value="below"
                start={rule?.above === null ? "below" : "above"}
                form={form}
              >
                below
              </Choice>
            </select>
          </Field>
          <Text
            name="limit"
            label={rule === null ? "Limit" : limitLabel(metric)}
            hint={rule === null ? "In the unit of what is watched." : undefined}
            form={form}
            start={rule === null ? "" : startLimit(rule)}
            isShort
            isRequired
          />
          <Text
            name="window"
            label="Measured over"
            hint="30s, 5m, 1h, 1d"
            form={form}
            start={rule?.window ?? "5m"}
            isShort
            isRequired
          />
        </div>
      )}
      <div class="alert-fields">
        <Text
          name="for"
          label="Has to hold for"
          hint="0s: fires at once"
          form={form}
          start={rule?.for ?? "2m"}
          isShort
          isRequired
        />
        <Text
          name="clearFor"
          label="Over when well for"
          form={form}
          start={rule?.clearFor ?? "2m"}
          isShort
          isRequired
        />
        <Field name="severity" label="Severity" form={form}>
          <select class="select" id="rule-severity" name="severity">
            {SEVERITIES.map(([value, words]) => (
              <Choice
                key={value}
                name="severity"
                value={value}
                start={rule?.severity ?? "warning"}
                form={form}
              >
                {words}
              </Choice>
            ))}
          </select>
        </Field>
      </div>
      {isUsage && (
        <details class="twin alert-more" open={hasFilter(rule, form)}>
          <summary>Of which requests</summary>
          <div class="alert-fields">
            <Text
              name="minRequests"
              label="At least requests"
              hint="Fewer in the window say nothing."
              form={form}
              start={String(rule?.minRequests ?? 1)}
              isShort
            />
            <Text
              name="model"
              label="Model"
              form={form}
              start={rule?.where.model}
            />
            <Text
              name="provider"
              label="Provider"
              form={form}
              start={rule?.where.provider}
            />
            <Text
              name="key"
              label="Id of a key"
              form={form}
              start={rule?.where.key}
            />
            <Text
              name="user"
              label="Id of a person"
              form={form}
              start={rule?.where.user}
            />
          </div>
        </details>
      )}
      <Text
        name="next"
        label="What to do when it fires"
        hint="Empty: what Freshet says of it. It stands in mails, too."
        form={form}
        start={own(rule?.next, defaults?.next)}
        placeholder={defaults?.next}
      />
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">
          {rule === null ? "Add rule" : "Save rule"}
        </button>
        {(rule !== null || Object.keys(values).length > 0) && (
          <a class="btn btn-quiet" href="/admin/alerts">Cancel</a>
        )}
      </div>
    </form>
  );
}

function NewRuleFields(
  { owner, versions, metric, form }: {
    owner: AlertOwner;
    versions: RuleFormProps["versions"];
    metric: string;
    form: FormState;
  },
): VNode {
  const names = ALERT_METRIC_NAMES.filter((name) =>
    metricOf(name).source !== "signal" &&
    (versions.server !== null || metricOf(name).scopes.includes("workspace"))
  );
  return (
    <div class="alert-fields">
      <Field name="metric" label="What is watched" form={form}>
        <select class="select" id="rule-metric" name="metric">
          {names.map((name) => (
            <option key={name} value={name} selected={name === metric}>
              {metricLabel(name)}
            </option>
          ))}
        </select>
      </Field>
      {versions.server === null
        ? <input type="hidden" name="scope" value="workspace" />
        : (
          <Field name="scope" label="Of" form={form}>
            <select class="select" id="rule-scope" name="scope">
              <Choice name="scope" value="server" start={owner} form={form}>
                the whole server
              </Choice>
              <Choice name="scope" value="workspace" start={owner} form={form}>
                this workspace
              </Choice>
            </select>
          </Field>
        )}
      <Text
        name="id"
        label="Name"
        hint="a to z, digits and -, such as slow-m1"
        form={form}
        isShort
        isRequired
      />
    </div>
  );
}

/** What somebody has said; empty where it is what Freshet says anyway. */
function own(said?: string, anyway?: string): string {
  return said === undefined || said === anyway ? "" : said;
}

function metricLabel(name: AlertMetricName): string {
  const { words } = formUnit(name);
  const { title } = metricOf(name);
  return words === "" ? title : `${title}, ${words}`;
}

function limitLabel(metric: string): string {
  const words = isAlertMetric(metric) ? formUnit(metric).words : "";
  return words === "" ? "Limit" : `Limit, ${words}`;
}

function startLimit({ metric, above, below }: AlertRule): string {
  const size = isAlertMetric(metric) ? formUnit(metric).size : 1;
  const value = (above ?? below ?? 0) / size;
  return String(Number(value.toPrecision(12)));
}

function hasFilter(rule: AlertRule | null, { errors, values }: FormState) {
  return Object.keys(rule?.where ?? {}).length > 0 ||
    ["minRequests", "model", "provider", "key", "user"].some((name) =>
      errors[name] !== undefined ||
      (values[name] !== undefined && values[name] !== "" &&
        values[name] !== "1")
    );
}
