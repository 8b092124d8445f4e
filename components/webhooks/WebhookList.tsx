import type { VNode } from "preact";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { Webhook } from "@/lib/shared/wire.ts";
import { NewWebhook } from "./NewWebhook.tsx";
import { SecretReady } from "./SecretReady.tsx";
import { WebhookTable } from "./WebhookTable.tsx";

export interface WebhookListProps {
  webhooks: Webhook[];
  /** Where forms are sent, and where leaving them leads. */
  action: string;
  /** Whose events they are told. */
  scope: Webhook["scope"];
  readsOnly: boolean;
  /** The secret of a webhook that was just made. */
  secret: string | null;
  /** The form that was refused. */
  refused: FormState | null;
  /** What was just done, in words. */
  done: string;
}

const NOTHING = {
  own:
    "A webhook tells a program of yours what happens: an answer is whole, a job is done, a document is read.",
  workspace:
    "A webhook tells a program what happens in the workspace: sign-ins, spent budgets, answers and jobs of everybody. It is told ids and states, never what people write.",
} as const;

/** The webhooks of a person or a workspace, with the form of a new one. */
export function WebhookList(
  { webhooks, action, scope, readsOnly, secret, refused, done }:
    WebhookListProps,
): VNode {
  return (
    <>
      {secret !== null && <SecretReady secret={secret} />}
      <p class="hint" role="status">{done}</p>
      {!readsOnly && <NewWebhook action={action} refused={refused} />}
      {webhooks.length === 0
        ? (
          <div class="empty">
            <h3>No webhooks yet</h3>
            <p class="soft">{NOTHING[scope]}</p>
          </div>
        )
        : <WebhookTable webhooks={webhooks} label="Receivers" />}
    </>
  );
}
