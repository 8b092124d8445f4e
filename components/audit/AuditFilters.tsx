import type { VNode } from "preact";
import { FormField } from "@/components/FormField.tsx";
import { auditWords } from "@/lib/shared/audit_words.ts";

/** What is looked for, as the address of the page has it. */
export interface AuditSearch {
  type: string;
  actor: string;
  from: string;
  to: string;
}

export interface AuditFiltersProps {
  search: AuditSearch;
  /** Types there are. */
  types: readonly string[];
  /** People to choose from: names by ids. */
  people: Readonly<Record<string, string>>;
}

/** What the log is to be searched for. It works without a script. */
export function AuditFilters(
  { search, types, people }: AuditFiltersProps,
): VNode {
  const { type, actor, from, to } = search;
  return (
    <form class="audit-filters" method="get" action="/admin/audit">
      <FormField id="audit-type" label="What">
        <select class="select" id="audit-type" name="type">
          <option value="">Everything</option>
          {types.map((each) => (
            <option key={each} value={each} selected={each === type}>
              {auditWords(each)}
            </option>
          ))}
        </select>
      </FormField>
      <FormField id="audit-actor" label="Who">
        <input
          class="input"
          id="audit-actor"
          name="actor"
          list="audit-people"
          autocomplete="off"
          placeholder="Email or id"
          value={actor}
        />
        <datalist id="audit-people">
          {Object.entries(people).map(([id, name]) => (
            <option key={id} value={id}>{name}</option>
          ))}
        </datalist>
      </FormField>
      <FormField id="audit-from" label="From day (UTC)">
        <input
          class="input"
          id="audit-from"
          name="from"
          type="date"
          value={from}
        />
      </FormField>
      <FormField id="audit-to" label="Before day (UTC)">
        <input
          class="input"
          id="audit-to"
          name="to"
          type="date"
          value={to}
        />
      </FormField>
      <div class="btn-row">
        <button class="btn" type="submit">Filter</button>
        {(type || actor || from || to) && (
          <a class="btn btn-quiet" href="/admin/audit">Clear</a>
        )}
      </div>
    </form>
  );
}
