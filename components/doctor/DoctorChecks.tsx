import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import {
  type Check,
  type CheckId,
  CHECKS,
} from "@/lib/shared/doctor/doctor_report.ts";

/** What is looked at, and what was found so far. */
export function DoctorChecks(
  { ids, found, isBusy }: {
    ids: readonly CheckId[];
    found: readonly Check[];
    isBusy: boolean;
  },
): VNode {
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label="Checks">
      <table class="table table-stack doctor-checks">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">Found</th>
          </tr>
        </thead>
        <tbody>
          {ids.map((id) => {
            const check = found.find((each) =>
              each.id === id
            );
            const { title, why } = CHECKS[id];
            return (
              <tr key={id}>
                <th scope="row">
                  {title}
                  <span class="doctor-why">{why}</span>
                </th>
                <td data-label="State">
                  <State check={check} isBusy={isBusy} />
                </td>
                <td data-label="Found">{check?.text ?? "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function State(
  { check, isBusy }: { check: Check | undefined; isBusy: boolean },
): VNode {
  if (check === undefined) {
    return isBusy
      ? (
        <span class="status" data-state="running">
          <span class="flow" aria-hidden="true" />
          looks
        </span>
      )
      : <span class="faint">not yet</span>;
  }
  switch (check.status) {
    case "good":
      return (
        <span class="status" data-state="good">
          <Icon name="check" small />
          well
        </span>
      );
    case "unsure":
      return (
        <span class="status" data-state="warn">
          <Icon name="alert" small />
          not sure
        </span>
      );
    case "bad":
      return (
        <span class="status" data-state="bad">
          <Icon name="close" small />
          not well
        </span>
      );
  }
}
