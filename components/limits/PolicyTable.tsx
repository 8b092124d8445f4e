import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { policyAmounts, subjectWords } from "@/lib/shared/limit_words.ts";
import type { LimitPolicy, LimitPolicyList } from "@/lib/shared/wire.ts";
import { PolicyDialog } from "./PolicyDialog.tsx";

/** The policies of a workspace, each with its form and its end. */
export function PolicyTable(
  { policies: { items, version }, names }: {
    policies: LimitPolicyList;
    /** Names of groups and people by id. */
    names: Readonly<Record<string, string>>;
  },
): VNode {
  return (
    <>
      <div
        class="table-wrap mt-4"
        tabIndex={0}
        role="region"
        aria-label="Policies"
      >
        <table class="table table-stack limit-table">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">Limits</th>
              <th scope="col">Name</th>
              <th scope="col">Set by</th>
              <th>
                <span class="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((policy, index) => (
              <Policy
                key={policy.subject}
                policy={policy}
                names={names}
                version={version}
                id={`policy-${index}`}
              />
            ))}
          </tbody>
        </table>
      </div>
      {items.map((policy, index) => (
        <PolicyDialog
          key={policy.subject}
          id={`policy-${index}`}
          policy={policy}
          version={version}
        />
      ))}
    </>
  );
}

function Policy(
  { policy, names, version, id }: {
    policy: LimitPolicy;
    names: Readonly<Record<string, string>>;
    version: number;
    id: string;
  },
): VNode {
  const { subject, name, source } = policy;
  const whom = subjectWords(policy, names);
  const amounts = policyAmounts(policy);
  return (
    <tr>
      <th scope="row" class="anywhere">{whom}</th>
      <td data-label="Limits">
        {amounts.length === 0 ? "none" : (
          <ul class="plain">
            {amounts.map((words) => <li key={words}>{words}</li>)}
          </ul>
        )}
      </td>
      <td data-label="Name" class="anywhere limit-name">
        {name === subject ? <span class="faint">none</span> : name}
      </td>
      <td data-label="Set by" class="limit-source">
        {source === "config" ? "configuration file" : "an admin"}
      </td>
      <td class="num act">
        <div class="limit-acts">
          <button
            class="btn btn-small"
            type="button"
            popovertarget={id}
            aria-label={`Change the limits for ${whom}`}
          >
            Change
          </button>
          {source === "edited" && (
            <Confirm
              label="Remove"
              small
              what="What the configuration file says for the same holds again, if it says anything."
            >
              <form method="post" action="/admin/limits">
                <input type="hidden" name="action" value="remove" />
                <input type="hidden" name="version" value={version} />
                <input type="hidden" name="before" value={subject} />
                <button class="btn btn-danger is-sure" type="submit">
                  Remove policy
                </button>
              </form>
            </Confirm>
          )}
        </div>
      </td>
    </tr>
  );
}
