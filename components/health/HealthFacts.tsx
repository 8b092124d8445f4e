import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";

/** What each check of readiness is about. */
const CHECKS: Readonly<Record<string, string>> = {
  admission: "Takes requests in",
  storage: "Writes to the store",
  listener: "Accepts connections",
  accepting: "Stays up",
};

/** Whether the process that answers takes new work, check by check. */
export function HealthChecks(
  { checks }: Pick<HealthNow, "checks">,
): VNode {
  return (
    <ul class="health-checks">
      {checks.map(({ name, status, reason }) => (
        <li key={name}>
          <span
            class="status"
            data-state={status === "pass" ? "good" : "bad"}
          >
            <Icon name={status === "pass" ? "check" : "alert"} small />
            {CHECKS[name] ?? name}
          </span>
          {status === "fail" && <span class="soft">: {reason}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What runs here. */
export function HealthVersions(
  { versions }: Pick<HealthReport, "versions">,
): VNode {
  return (
    <dl class="health-facts">
      {versions.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What a setting without a value reads. */
const NOT_SET = "not set";

/** Every setting as it is in force; those that are not set share the last row. */
export function HealthSettings(
  { settings }: Pick<HealthReport, "settings">,
): VNode {
  const set = settings.filter(({ value }) => value !== NOT_SET);
  const open = settings.filter(({ value }) => value === NOT_SET);
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Settings">
      <table class="table health-settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">In force</th>
          </tr>
        </thead>
        <tbody>
          {set.map(({ name, value, isSecret }) => (
            <tr key={name}>
              <th scope="row" class="mono">{name}</th>
              <td>
                {isSecret
                  ? <span class="soft">set, not shown</span>
                  : <span class="mono">{value}</span>}
              </td>
            </tr>
          ))}
          {open.length > 0 && (
            <tr>
              <th scope="row">Not set</th>
              <td class="mono soft">
                {open.map(({ name }) => name).join(", ")}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
