import type { VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatMoment } from "@/lib/shared/format.ts";
import { webhookHost } from "@/lib/shared/webhook_words.ts";
import type { LoggedEvent, Webhook } from "@/lib/shared/wire.ts";

export interface EventTableProps {
  events: LoggedEvent[];
  /** Names of people by their ids. */
  people: Readonly<Record<string, string>>;
  /** Webhooks that events can be sent to again. */
  webhooks: Webhook[];
  clock: Clock;
}

/** What has happened, newest first. Each row opens to all that is known of it. */
export function EventTable({ events, ...rest }: EventTableProps): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Events">
      <table class="table table-stack audit events">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">About</th>
            <th scope="col">Whose</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => <Row key={event.id} of={event} {...rest} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { of: event, people, webhooks, clock }:
    & Omit<EventTableProps, "events">
    & { of: LoggedEvent },
): VNode {
  const { id, at, type, subject, userId, data } = event;
  return (
    <tr>
      <td data-label="When">
        <time datetime={at} title={at}>
          {formatMoment(new Date(at), new Date(clock.nowMs), clock.timeZone)}
        </time>
      </td>
      <th scope="row">
        <details class="audit-details">
          <summary>{type}</summary>
          <dl class="facts">
            {Object.entries(data).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{factText(value)}</dd>
              </div>
            ))}
            <div>
              <dt>at</dt>
              <dd>{at}</dd>
            </div>
            <div>
              <dt>id</dt>
              <dd>{id}</dd>
            </div>
          </dl>
          {webhooks.length > 0 && <Replay event={id} webhooks={webhooks} />}
        </details>
      </th>
      <td data-label="About" class="anywhere">
        <a class="audit-who" href={`?subject=${encodeURIComponent(subject)}`}>
          {people[subject] ?? subject}
        </a>
      </td>
      <td data-label="Whose" class="anywhere">
        {userId === null
          ? <span class="faint">the workspace’s</span>
          : people[userId] ?? userId}
      </td>
    </tr>
  );
}

function Replay(
  { event, webhooks }: { event: string; webhooks: Webhook[] },
): VNode {
  return (
    <form class="btn-row event-replay" method="post" action="/admin/events">
      <input type="hidden" name="action" value="replay" />
      <input type="hidden" name="from" value={event} />
      <select
        class="select"
        name="webhook"
        aria-label="Send again to"
      >
        {webhooks.map(({ id, url, description }) => (
          <option key={id} value={id}>
            {description === "" ? webhookHost(url) : description}
          </option>
        ))}
      </select>
      <button class="btn btn-small" type="submit" name="only" value="on">
        Send this again
      </button>
      <button class="btn btn-small btn-quiet" type="submit">
        Send all from here on
      </button>
    </form>
  );
}

function factText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
