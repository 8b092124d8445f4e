import type { VNode } from "preact";
import { FormField } from "@/components/FormField.tsx";
import {
  NOTIFICATION_EVENT_NAMES,
  ruleOf,
} from "@/lib/shared/notification_events.ts";

/** What is looked for, as the address of the page has it. */
export interface NotificationSearch {
  read: string;
  event: string;
}

/** Which notifications are wanted. It works without a script. */
export function NotificationFilters(
  { search }: { search: NotificationSearch },
): VNode {
  const { read, event } = search;
  return (
    <form class="notes-filters" method="get" action="/notifications">
      <FormField id="note-read" label="Which">
        <select class="select" id="note-read" name="read">
          <option value="">All</option>
          <option value="false" selected={read === "false"}>Unread</option>
          <option value="true" selected={read === "true"}>Read</option>
        </select>
      </FormField>
      <FormField id="note-event" label="About">
        <select class="select" id="note-event" name="event">
          <option value="">Everything</option>
          {NOTIFICATION_EVENT_NAMES.map((each) => (
            <option key={each} value={each} selected={each === event}>
              {ruleOf(each).label}
            </option>
          ))}
        </select>
      </FormField>
      <div class="btn-row">
        <button class="btn" type="submit">Filter</button>
        {(read || event) && (
          <a class="btn btn-quiet" href="/notifications">Clear</a>
        )}
      </div>
    </form>
  );
}
