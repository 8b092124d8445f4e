import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";

/** A price as the page shows it. */
export interface ShownPrice {
  model: string;
  /** First day, as `2026-01-01`. */
  from: string;
  inputPerMillionUsd: string;
  cachedInputPerMillionUsd: string;
  outputPerMillionUsd: string;
  source: "config" | "edited";
  /** It holds today. */
  isCurrent: boolean;
}

/** Prices with their history, newest of each model first. */
export function PriceTable(
  { prices, version }: { prices: ShownPrice[]; version: number },
): VNode {
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label="Prices">
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">From</th>
            <th scope="col" class="num">Input</th>
            <th scope="col" class="num">Cached input</th>
            <th scope="col" class="num">Output</th>
            <th scope="col">Set by</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {prices.map((price) => (
            <Row
              key={`${price.model} ${price.from}`}
              price={price}
              version={version}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { price, version }: { price: ShownPrice; version: number },
): VNode {
  const { model, from, source, isCurrent } = price;
  return (
    <tr>
      <th scope="row" class="anywhere">{model}</th>
      <td data-label="From">
        <time dateTime={from}>{from}</time>
        {isCurrent && <span class="badge money-now">Now</span>}
      </td>
      <td class="num" data-label="Input">{price.inputPerMillionUsd}</td>
      <td class="num" data-label="Cached input">
        {price.cachedInputPerMillionUsd}
      </td>
      <td class="num" data-label="Output">{price.outputPerMillionUsd}</td>
      <td data-label="Set by">
        {source === "config" ? "configuration file" : "an admin"}
      </td>
      <td class="num act">
        {source === "edited" && (
          <Confirm
            label="Remove"
            small
            what={`From then on what held before ${from} holds again, also for answers that are not billed yet.`}
          >
            <form method="post" action="/admin/prices">
              <input type="hidden" name="action" value="remove" />
              <input type="hidden" name="model" value={model} />
              <input type="hidden" name="from" value={from} />
              <input type="hidden" name="version" value={version} />
              <button class="btn btn-danger is-sure" type="submit">
                Remove the price of {model}
              </button>
            </form>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
