import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { Mail } from "@/lib/shared/wire.ts";

/** Mails with their ends, newest first. */
export function MailTable(
  { mails, nowMs }: { mails: Mail[]; nowMs: number },
): VNode {
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label="Mails">
      <table class="table table-stack webhooks">
        <thead>
          <tr>
            <th scope="col">Subject</th>
            <th scope="col">To</th>
            <th scope="col">Made</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {mails.map((mail) => (
            <tr key={mail.id}>
              <th scope="row" class="anywhere">{mail.subject}</th>
              <td data-label="To" class="anywhere">{mail.to}</td>
              <td data-label="Made">
                <Moment at={mail.createdAt} nowMs={nowMs} />
              </td>
              <td data-label="State">
                <State of={mail} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function State(
  { of: { state, attempts, error, dueAt }, nowMs }: {
    of: Mail;
    nowMs: number;
  },
): VNode {
  switch (state) {
    case "sent":
      return (
        <span class="status" data-state="good">
          <Icon name="check" />
          Sent
        </span>
      );
    case "dead":
      return (
        <>
          <span class="status" data-state="bad">
            <Icon name="alert" />
            Not sent
          </span>
          <span class="key-bounds">{error}</span>
        </>
      );
    default:
      return (
        <>
          <span class="status">
            <Icon name="clock" />
            {state === "sending" ? "Sending" : "Waiting"}
          </span>
          {attempts > 0 && (
            <span class="key-bounds">
              {formatPlural(attempts, "attempt")}. {error} {dueAt !== null && (
                <>
                  Next <Moment at={dueAt} nowMs={nowMs} isAhead />.
                </>
              )}
            </span>
          )}
        </>
      );
  }
}
