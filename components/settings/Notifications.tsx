import type { VNode } from "preact";
import BrowserNotices from "@/islands/BrowserNotices.tsx";
import {
  type NotificationEvent,
  type NotificationPlaces,
  ruleOf,
} from "@/lib/shared/notification_events.ts";

export interface NotificationsProps {
  /** Events that the viewer may be told of, and where. */
  events: readonly (readonly [NotificationEvent, NotificationPlaces])[];
  version: number;
  /** Whether the server sends mails, and the viewer has an address. */
  hasMail: boolean;
  isSaved: boolean;
  /** Why the form was refused, or null. */
  error: string | null;
}

const PLACES = [
  { name: "app", label: "Here" },
  { name: "browser", label: "Browser" },
  { name: "mail", label: "Mail" },
] as const;

/** Settings: what the viewer is told of, and where. */
export function Notifications(
  { events, version, hasMail, isSaved, error }: NotificationsProps,
): VNode {
  const places = PLACES.filter(({ name }) => name !== "mail" || hasMail);
  return (
    <>
      <p class="hint">
        What shows in the browser is among your{" "}
        <a href="/notifications">notifications</a> here, too.{" "}
        {!hasMail && "This server sends no mail to you."}
      </p>
      <BrowserNotices />
      <form method="post" action="/settings">
        <input type="hidden" name="section" value="notifications" />
        <input type="hidden" name="action" value="save" />
        <input type="hidden" name="version" value={version} />
        <div
          class="table-wrap mt-4"
          tabIndex={0}
          role="region"
          aria-label="What you are told of"
        >
          <table class="table note-choices">
            <thead>
              <tr>
                <th scope="col">What</th>
                {places.map(({ name, label }) => (
                  <th key={name} scope="col">{label}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {events.map(([event, chosen]) => (
                <tr key={event}>
                  <th scope="row">{ruleOf(event).label}</th>
                  {places.map(({ name, label }) => (
                    <td key={name}>
                      <Choice
                        event={event}
                        place={name}
                        label={label}
                        isChosen={chosen[name]}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {error !== null && <p class="field-error mt-2" role="alert">{error}</p>}
        <div class="btn-row mt-4">
          <button class="btn" type="submit">Save</button>
          <span class="hint" role="status">{isSaved ? "Saved" : ""}</span>
        </div>
      </form>
    </>
  );
}

function Choice(
  { event, place, label, isChosen }: {
    event: NotificationEvent;
    place: keyof NotificationPlaces;
    label: string;
    isChosen: boolean;
  },
): VNode {
  const rule = ruleOf(event);
  if (place === "mail" && rule.hasOwnMail) {
    return <span class="faint">always</span>;
  }
  return (
    <label>
      <input
        type="checkbox"
        name={`${event}.${place}`}
        checked={isChosen}
        aria-label={`${rule.label}: ${label}`}
      />
    </label>
  );
}
