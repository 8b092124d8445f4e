import type { VNode } from "preact";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import type {
  HeaderPairs,
  RequestDetail,
} from "@/lib/shared/requests/request_view.ts";
import {
  codeWords,
  sentenceOf,
  spanParts,
} from "@/lib/shared/requests/request_words.ts";
import { formatUsd } from "@/lib/shared/usd.ts";
import { RequestAttempts } from "./RequestAttempts.tsx";
import { RequestFacts } from "./RequestFacts.tsx";
import { RequestWaterfall, WaterfallLegend } from "./RequestWaterfall.tsx";

export interface RequestPaneProps {
  request: RequestDetail;
  clock: Clock;
  /** Where question and answer are shown with it. */
  bodiesPath: string;
}

/** All that is known of one request. */
export function RequestPane(
  { request, clock, bodiesPath }: RequestPaneProps,
): VNode {
  const { id, error, message, stages, attempts, headers } = request;
  const kept = headers === null
    ? 0
    : headers.request.length + headers.response.length;
  return (
    <>
      <div class="page-head">
        <div>
          <h1 id="rid" class="mono rid breaks" tabIndex={-1}>{id}</h1>
          <p class="lede">{sentenceOf(request)}</p>
        </div>
        <div class="btn-row">
          <CopyButton text={id} label="Copy request id" />
          {request.threadPath !== null && (
            <a class="btn btn-small" href={request.threadPath}>Open thread</a>
          )}
        </div>
      </div>
      {error !== null && (
        <div class="callout" data-kind="bad">
          <Icon name="alert" />
          <p>
            <strong>{codeWords(error)}.</strong> {message}
          </p>
        </div>
      )}
      <Readings request={request} />
      <section class="section" aria-labelledby="stages">
        <div class="section-head">
          <h2 id="stages">Stages</h2>
          <WaterfallLegend />
        </div>
        {stages.length === 0
          ? <p class="soft">No stage was recorded.</p>
          : <RequestWaterfall stages={stages} totalMs={request.totalMs} />}
      </section>
      <div class="section split">
        <section aria-labelledby="attempts">
          <h2 id="attempts">Attempts</h2>
          {attempts.length === 0
            ? <p class="soft mt-2">No provider was asked.</p>
            : <RequestAttempts attempts={attempts} />}
        </section>
        <section aria-labelledby="facts">
          <h2 id="facts">Facts</h2>
          <RequestFacts request={request} clock={clock} />
        </section>
      </div>
      {headers !== null && kept > 0 && (
        <details class="twin section">
          <summary>Headers, {kept}</summary>
          <HeaderList title="Of the request" headers={headers.request} />
          <HeaderList title="Of the response" headers={headers.response} />
          <p class="hint mt-2">
            Cookies, addresses and what is secret are not kept.
          </p>
        </details>
      )}
      <Bodies request={request} path={bodiesPath} />
      <p class="section">
        <a href={`/api/requests/${id}`}>All of it as JSON</a>
      </p>
    </>
  );
}

function Readings({ request }: { request: RequestDetail }): VNode {
  const { costMicroUsd, usage } = request;
  return (
    <dl class="readings">
      <Reading name="Total" ms={request.totalMs} />
      <Reading name="First token" ms={request.firstTokenMs} />
      <Reading name="Ours" ms={request.overheadMs} />
      <div class="reading">
        <dt>Cost</dt>
        <dd class="reading-figure">
          {costMicroUsd !== null
            ? `$${formatUsd(costMicroUsd)}`
            : usage === null
            ? "–"
            : <small>unpriced</small>}
        </dd>
      </div>
    </dl>
  );
}

function Reading({ name, ms }: { name: string; ms: number | null }): VNode {
  const parts = ms === null ? null : spanParts(ms);
  return (
    <div class="reading">
      <dt>{name}</dt>
      <dd class="reading-figure">
        {parts === null ? "–" : (
          <>
            {parts.figure}
            <small>{parts.unit}</small>
          </>
        )}
      </dd>
    </div>
  );
}

function HeaderList(
  { title, headers }: { title: string; headers: HeaderPairs },
): VNode | null {
  if (headers.length === 0) return null;
  return (
    <>
      <h3 class="mt-2">{title}</h3>
      <dl class="pairs mono breaks">
        {headers.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </>
  );
}

/** Question and answer, where the settings keep them; to read another's is recorded. */
function Bodies(
  { request: { bodies, hasBodies, person }, path }: {
    request: RequestDetail;
    path: string;
  },
): VNode | null {
  if (!hasBodies) return null;
  return (
    <section class="section" id="bodies" aria-labelledby="bodies-title">
      <h2 id="bodies-title">Question and answer</h2>
      {bodies === null
        ? (
          <p class="soft mt-2">
            They are kept with this request. Reading what {person ?? "another"}
            {" "}
            asked is recorded in the audit log, unless it was you.{" "}
            <a href={path}>Show question and answer</a>
          </p>
        )
        : (
          <>
            <Text name="Question" text={bodies.request} />
            <Text name="Answer" text={bodies.response} />
          </>
        )}
    </section>
  );
}

function Text({ name, text }: { name: string; text: string }): VNode {
  return (
    <figure class="code">
      <figcaption class="code-head">{name}</figcaption>
      <pre tabIndex={0} data-wrap>{text}</pre>
    </figure>
  );
}
