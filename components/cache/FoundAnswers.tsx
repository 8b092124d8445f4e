import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";
import type { CacheLookup, KeptAnswerDetails } from "@/lib/shared/wire.ts";
import { PurgeKey } from "./KeptTable.tsx";

/** What a look-up has found. */
export function FoundAnswers(
  { of: { keys, items }, nowMs }: { of: CacheLookup; nowMs: number },
): VNode {
  if (keys.length === 0) {
    return (
      <div class="callout" data-kind="info">
        <Icon name="alert" />
        <p>
          <strong>Answers to such a request are not kept.</strong>{" "}
          The policy leaves them out, or the request is too large to be worth
          it.
        </p>
      </div>
    );
  }
  if (items.length === 0) {
    return (
      <div class="callout" data-kind="info">
        <Icon name="search" />
        <p>
          <strong>None is kept.</strong>{" "}
          The next such request asks a provider, and its answer is kept then.
        </p>
      </div>
    );
  }
  return (
    <>
      {items.map((item) => <Found key={item.key} of={item} nowMs={nowMs} />)}
    </>
  );
}

function Found(
  { of: item, nowMs }: { of: KeptAnswerDetails; nowMs: number },
): VNode {
  const { key, model, servedBy, usage } = item;
  return (
    <div class="kept-found">
      <dl class="provider-facts">
        <dt>Key</dt>
        <dd class="mono anywhere">{key}</dd>
        <dt>Asked of</dt>
        <dd class="anywhere">{model}, answered by {servedBy}</dd>
        <dt>Kept</dt>
        <dd>
          since <Moment at={item.storedAt} nowMs={nowMs} />, until{" "}
          <Moment at={item.expiresAt} nowMs={nowMs} isAhead />
        </dd>
        <dt>Where</dt>
        <dd>
          {item.isInMemory
            ? "in the store, and in the memory of this process"
            : "in the store"}
        </dd>
        <dt>Size</dt>
        <dd>
          {formatBytes(item.bytes)}
          {usage !== null &&
            `, ${formatPlural(usage.inputTokens, "token")} in and ${
              formatCount(usage.outputTokens)
            } out`}
        </dd>
      </dl>
      <PurgeKey id={key} label="Purge this answer" />
    </div>
  );
}
