import type { ComponentChildren, VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatCount } from "@/lib/shared/format.ts";
import type { RequestDetail } from "@/lib/shared/requests/request_view.ts";
import {
  cacheWords,
  formatClock,
} from "@/lib/shared/requests/request_words.ts";
import { formatUsd } from "@/lib/shared/usd.ts";

/** What is known of a request, as names and values; some lead to all requests that share them. */
export function RequestFacts(
  { request, clock }: { request: RequestDetail; clock: Clock },
): VNode {
  const { usage, model, servedModel, provider, run, epoch, cache } = request;
  return (
    <dl class="pairs mt-2">
      <Fact name="Came in">
        <time datetime={request.startedAt}>
          {formatClock(request.startedAt, clock)}
        </time>{" "}
        <span class="faint">{clock.timeZone}</span>
      </Fact>
      {request.person !== null && (
        <Fact name="Person">
          <Alike name="user" value={request.userId!} text={request.person} />
        </Fact>
      )}
      {request.keyId !== null && (
        <Fact name="Key">
          <Alike name="key" value={request.keyId} text={request.key!} />
        </Fact>
      )}
      <Fact name="Source">
        {request.route === "restart"
          ? "Begun again by another process"
          : `${request.method} ${request.route}`}
      </Fact>
      {model !== null && (
        <Fact name="Model">
          <Alike name="model" value={model} text={model} />
          {provider !== null && (
            <>
              , answered by {provider}
              {servedModel !== null && servedModel !== model &&
                ` as ${servedModel}`}
            </>
          )}
        </Fact>
      )}
      {run !== null && (
        <Fact name="Run">
          <a class="mono breaks" href={`/admin/requests?q=${run}`}>{run}</a>
          {epoch !== null && epoch > 1 && `, epoch ${epoch}`}
        </Fact>
      )}
      {request.threadPath !== null && (
        <Fact name="Thread">
          <a href={request.threadPath}>Open thread</a>
        </Fact>
      )}
      {request.isInOthersThread && (
        <Fact name="Thread">
          one of {request.person ?? "somebody"}, for their eyes only
        </Fact>
      )}
      {request.job !== null && (
        <Fact name="Job">
          <a class="mono breaks" href={`/jobs/${request.job}`}>{request.job}</a>
        </Fact>
      )}
      {usage !== null && (
        <Fact name="Tokens">
          {formatCount(usage.inputTokens)} in, {usage.cachedInputTokens > 0 &&
            `${formatCount(usage.cachedInputTokens)} cached, `}
          {formatCount(usage.outputTokens)} out
          {usage.estimated && ", estimated"}
        </Fact>
      )}
      {request.savedMicroUsd > 0 && (
        <Fact name="Saved">${formatUsd(request.savedMicroUsd)}</Fact>
      )}
      {cache !== null && <Fact name="Cache">{cacheWords(cache)}</Fact>}
      {request.httpStatus !== null && (
        <Fact name="HTTP status">{request.httpStatus}</Fact>
      )}
      {request.finishReason !== null && (
        <Fact name="Finish reason">{request.finishReason}</Fact>
      )}
    </dl>
  );
}

function Fact(
  { name, children }: { name: string; children: ComponentChildren },
): VNode {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** A value that leads to all requests that have it. */
function Alike(
  { name, value, text }: { name: string; value: string; text: string },
): VNode {
  const query = new URLSearchParams({ [name]: value });
  return (
    <a
      class="breaks"
      href={`/admin/requests?${query}`}
      title="All requests like this"
    >
      {text}
    </a>
  );
}
