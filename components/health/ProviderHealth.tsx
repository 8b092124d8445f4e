import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatCount, formatDuration } from "@/lib/shared/format.ts";
import type { HealthModel, HealthProvider } from "@/lib/shared/wire.ts";

/** Models of one provider that are listed. */
const MOST_MODELS = 12;
/** With fewer tries a share says nothing. */
const LEAST_TRIES = 5;

/** Whether providers and their models answer. */
export function ProviderHealth(
  { providers }: { providers: readonly HealthProvider[] },
): VNode {
  if (providers.length === 0) {
    return (
      <p class="soft">
        No model has been asked since the processes began. Each provider is
        listed here from its first answer on.
      </p>
    );
  }
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Providers">
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Provider and model</th>
            <th scope="col">Breaker</th>
            <th scope="col" class="num">Failed, 5 min</th>
            <th scope="col" class="num">First token</th>
            <th scope="col" class="num">Under way</th>
            <th scope="col" class="num">Connections</th>
          </tr>
        </thead>
        {providers.map((provider) => (
          <tbody key={provider.id}>
            <tr class="health-provider">
              <th scope="rowgroup">{provider.id}</th>
              <td data-label="Breaker" class="faint">
                {provider.models.length === 0 ? "–" : ""}
              </td>
              <td class="num" data-label="Failed, 5 min">
                {failed(provider)}
              </td>
              <td class="num" data-label="First token" />
              <td class="num" data-label="Under way" />
              <td class="num" data-label="Connections">
                {connections(provider)}
              </td>
            </tr>
            {provider.models.slice(0, MOST_MODELS).map((model) => (
              <ModelRow key={model.model} model={model} />
            ))}
            {provider.models.length > MOST_MODELS && (
              <tr>
                <td class="faint" colSpan={6}>
                  {provider.models.length - MOST_MODELS} more models do well
                </td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function ModelRow({ model }: { model: HealthModel }): VNode {
  return (
    <tr>
      <th scope="row" class="health-model">{model.model}</th>
      <td data-label="Breaker">
        <Breaker model={model} />
      </td>
      <td class="num" data-label="Failed, 5 min" />
      <td class="num" data-label="First token">
        {model.firstTokenMs === null || model.breaker === "open"
          ? "–"
          : formatDuration(model.firstTokenMs)}
      </td>
      <td class="num" data-label="Under way">{model.inFlight}</td>
      <td class="num" data-label="Connections" />
    </tr>
  );
}

function Breaker({ model }: { model: HealthModel }): VNode {
  const { breaker, openIn, askedBy, coolingMs } = model;
  if (breaker === "open") {
    return (
      <span class="status" data-state="bad">
        <Icon name="alert" small />
        Open, left alone
        {askedBy > 1 && ` by ${openIn} of ${askedBy} processes`}
      </span>
    );
  }
  if (breaker === "half-open") {
    return (
      <span class="status" data-state="warn">
        <Icon name="clock" small />
        Half-open, one request tries
      </span>
    );
  }
  return coolingMs > 0
    ? (
      <span class="status" data-state="warn">
        <Icon name="clock" small />
        Limits the rate, asked again in {formatDuration(coolingMs)}
      </span>
    )
    : (
      <span class="status" data-state="good">
        <Icon name="check" small />
        Closed, answers
      </span>
    );
}

function failed({ tries, failures }: HealthProvider): string {
  if (tries === 0) return "–";
  const of = `${formatCount(failures)} of ${formatCount(tries)}`;
  if (tries < LEAST_TRIES) return of;
  return `${of}, ${Math.round(failures / tries * 100)} %`;
}

function connections({ connections }: HealthProvider): string {
  const { inUse, waiting } = connections;
  return waiting === 0
    ? formatCount(inUse)
    : `${formatCount(inUse)}, ${formatCount(waiting)} wait`;
}
