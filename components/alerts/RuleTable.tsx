import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { IconName } from "@/components/icon_paths.ts";
import { Moment } from "@/components/Moment.tsx";
import { isAlertMetric, metricOf } from "@/lib/shared/alert_metrics.ts";
import { formatMetric, ruleWords } from "@/lib/shared/alert_words.ts";
import type { AlertRule, AlertRuleList } from "@/lib/shared/wire.ts";

const STATES: Readonly<
  Record<AlertRule["state"], { words: string; icon: IconName; state: string }>
> = {
  ok: { words: "Well", icon: "check", state: "good" },
  pending: { words: "About to fire", icon: "clock", state: "warn" },
  firing: { words: "Fires", icon: "alert", state: "bad" },
  off: { words: "Off", icon: "pause", state: "" },
};

const SOURCES: Readonly<Record<AlertRule["source"], string>> = {
  default: "Freshet",
  config: "config file",
  edited: "an admin",
};

const SEVERITIES: Readonly<
  Record<AlertRule["severity"], { words: string; kind: string }>
> = {
  critical: { words: "critical", kind: "bad" },
  warning: { words: "warning", kind: "warn" },
  info: { words: "info", kind: "" },
};

/** What is watched: how each rule does, and what can be done with it. */
export function RuleTable(
  { rules: { items, versions }, nowMs }: {
    rules: AlertRuleList;
    nowMs: number;
  },
): VNode {
  const hasOwners = versions.server !== null;
  return (
    <div
      class="table-wrap mt-4"
      tabIndex={0}
      role="region"
      aria-label="Rules"
    >
      <table class="table table-stack alert-rules">
        <thead>
          <tr>
            <th scope="col">Fires when</th>
            <th scope="col">Now</th>
            <th scope="col">Severity</th>
            {hasOwners && <th scope="col">About</th>}
            <th scope="col">Set by</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((rule) => (
            <Rule
              key={`${rule.scope} ${rule.id}`}
              rule={rule}
              version={versions[rule.scope] ?? 0}
              hasOwners={hasOwners}
              nowMs={nowMs}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Rule(
  { rule, version, hasOwners, nowMs }: {
    rule: AlertRule;
    version: number;
    hasOwners: boolean;
    nowMs: number;
  },
): VNode {
  const { id, scope, title, severity, source, silencedUntil } = rule;
  const state = STATES[rule.state];
  return (
    <tr data-state={rule.state}>
      <th scope="row" class="anywhere">
        {title}
        <span class="alert-condition">{ruleWords(rule)}</span>
      </th>
      <td data-label="Now">
        <span class="status" data-state={state.state}>
          <Icon name={state.icon} />
          {state.words}
        </span>
        <RuleValue rule={rule} />
        {silencedUntil !== null && (
          <span class="alert-condition">
            silenced, ends <Moment at={silencedUntil} nowMs={nowMs} isAhead />
          </span>
        )}
      </td>
      <td data-label="Severity">
        <span class="badge" data-kind={SEVERITIES[severity].kind}>
          {SEVERITIES[severity].words}
        </span>
      </td>
      {hasOwners && (
        <td data-label="About">
          {scope === "server" ? "the server" : "this workspace"}
        </td>
      )}
      <td data-label="Set by">{SOURCES[source]}</td>
      <td class="num act">
        <div class="alert-acts">
          <a
            class="btn btn-small"
            href={`/admin/alerts?edit=${scope}:${id}#rule-form`}
            aria-label={`Change ${title}`}
          >
            Change
          </a>
          <RuleForm rule={rule} version={version} action="switch">
            <button class="btn btn-small" type="submit">
              {rule.enabled ? "Switch off" : "Switch on"}
              <span class="sr">: {title}</span>
            </button>
          </RuleForm>
          {source === "edited" && (
            <Confirm
              label="Take back"
              small
              what="What admins have said of it is gone: it is again as Freshet or the configuration file has it, or it is no more."
            >
              <RuleForm rule={rule} version={version} action="reset">
                <button class="btn btn-danger is-sure" type="submit">
                  Take back what was said of “{title}”
                </button>
              </RuleForm>
            </Confirm>
          )}
        </div>
      </td>
    </tr>
  );
}

/** What is measured now, to choose a limit by. */
function RuleValue({ rule: { metric, value } }: { rule: AlertRule }) {
  if (value === null || !isAlertMetric(metric)) return null;
  return (
    <span class="alert-condition tnum">
      {formatMetric(metricOf(metric).unit, value)}
    </span>
  );
}

function RuleForm(
  { rule: { id, scope, enabled }, version, action, children }: {
    rule: AlertRule;
    version: number;
    action: "switch" | "reset";
    children: VNode;
  },
): VNode {
  return (
    <form method="post" action="/admin/alerts">
      <input type="hidden" name="action" value={action} />
      <input type="hidden" name="id" value={id} />
      <input type="hidden" name="scope" value={scope} />
      <input type="hidden" name="version" value={version} />
      {action === "switch" && (
        <input type="hidden" name="enabled" value={enabled ? "no" : "yes"} />
      )}
      {children}
    </form>
  );
}
