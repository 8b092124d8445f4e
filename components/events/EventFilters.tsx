import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";

/** What is looked for, as the address of the page has it. */
export interface EventSearch {
  type: string;
  subject: string;
  from: string;
  to: string;
}

export interface EventFiltersProps {
  search: EventSearch;
  /** Types there are. */
  types: readonly string[];
  /** What is wrong, by name of the field. */
  errors: Readonly<Record<string, string>>;
}

/** What the log is to be searched for. It works without a script. */
export function EventFilters(
  { search: { type, subject, from, to }, types, errors }: EventFiltersProps,
): VNode {
  return (
    <form class="audit-filters" method="get" action="/admin/events">
      <FormField id="event-type" label="What" error={errors.type}>
        <input
          class="input"
          id="event-type"
          name="type"
          list="event-types"
          autocomplete="off"
          spellcheck={false}
          placeholder="run.* or a type"
          value={type}
          {...describe("event-type", errors.type)}
        />
        <datalist id="event-types">
          {types.map((each) => <option key={each} value={each} />)}
        </datalist>
      </FormField>
      <FormField id="event-subject" label="About" error={errors.subject}>
        <input
          class="input"
          id="event-subject"
          name="subject"
          autocomplete="off"
          spellcheck={false}
          placeholder="Id"
          value={subject}
          {...describe("event-subject", errors.subject)}
        />
      </FormField>
      <FormField id="event-from" label="From day (UTC)" error={errors.from}>
        <input
          class="input"
          id="event-from"
          name="from"
          type="date"
          value={from}
        />
      </FormField>
      <FormField id="event-to" label="Before day (UTC)" error={errors.to}>
        <input class="input" id="event-to" name="to" type="date" value={to} />
      </FormField>
      <div class="btn-row">
        <button class="btn" type="submit">Filter</button>
        {(type || subject || from || to) && (
          <a class="btn btn-quiet" href="/admin/events">Clear</a>
        )}
      </div>
    </form>
  );
}
