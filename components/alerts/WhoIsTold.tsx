import type { VNode } from "preact";

/** Where alerts go, and where that is chosen. */
export function WhoIsTold(
  { hasMail, isOperator }: { hasMail: boolean; isOperator: boolean },
): VNode {
  return (
    <>
      <ul class="alert-told">
        <li>
          <strong>Pages:</strong>{" "}
          all pages of the administration show what fires
          {isOperator
            ? "; what is about the server, to those who run it."
            : "."}
        </li>
        <li>
          <strong>Notifications:</strong>{" "}
          admins get one when a warning or something critical fires, and when it
          is over.{" "}
          <a href="/settings#notifications">Choose which ones you get</a>
          .
        </li>
        <li>
          <strong>Mail:</strong> {hasMail
            ? "those who want it, by the same choice."
            : "cannot be sent, since the setting SMTP_URL is missing."}
        </li>
        <li>
          <strong>Webhooks:</strong> those that ask for <code>alert.fired</code>
          {" "}
          and <code>alert.resolved</code>, each with the same words and an{" "}
          <code>incident</code> that joins both.{" "}
          <a href="/admin/webhooks">See the webhooks</a>.
        </li>
      </ul>
      <form class="btn-row mt-4" method="post" action="/admin/alerts">
        <input type="hidden" name="action" value="test" />
        <input
          type="hidden"
          name="scope"
          value={isOperator ? "server" : "workspace"}
        />
        <button class="btn" type="submit">Send a test</button>
        <span class="hint">
          An alert that is none, and its end, told to everybody as above.
        </span>
      </form>
    </>
  );
}
