import type { VNode } from "preact";
import { Spark } from "@/components/charts/Spark.tsx";
import { StackedBars } from "@/components/charts/StackedBars.tsx";
import { Gauge } from "@/components/Gauge.tsx";
import { Icon } from "@/components/Icon.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import { Shelf } from "./Shelf.tsx";

const LEVELS = [3, 5, 4, 8, 13, 11, 17, 21, 19, 26];
const GAPPY = [4, 6, null, null, 9, 8, null, 12, 15, 11];
const DAYS = ["17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov"];

/** Figures: levels, readings, charts, tables. */
export function FigureShelves(): VNode {
  return (
    <>
      <Shelf
        id="style-gauges"
        title="Gauges"
        note="Anything with a limit is a level against ticks. The limit stands with it."
      >
        <div class="split">
          <Gauge label="November budget" value="$31.20 of $50" level={0.62} />
          <Gauge label="Tokens this minute" value="171k of 200k" level={0.86} />
          <Gauge label="Answers at once" value="5 of 5, next waits" level={1} />
          <Gauge label="Requests this minute" value="0 of 60" level={0} />
        </div>
      </Shelf>
      <Shelf
        id="style-readings"
        title="Readings and sparklines"
        note="A delta is coloured only where up is good or bad. A gap is a gap."
      >
        <dl class="readings">
          <Reading label="Requests" figure="18,420" points={LEVELS}>
            12 % more than before
          </Reading>
          <Reading
            label="Errors"
            figure="1.4"
            unit="%"
            kind="bad"
            points={GAPPY}
          >
            0.6 points more
          </Reading>
          <Reading label="Cost" figure="–" points={[null, null, null]}>
            no data
          </Reading>
        </dl>
      </Shelf>
      <Shelf
        id="style-charts"
        title="Charts"
        note="Drawn by the server; each has its table. A model keeps its colour everywhere."
      >
        <StackedBars
          title="Requests by model"
          unit="a day"
          label="Requests by model and day"
          places={DAYS.map((label) => ({ label, title: label }))}
          rowHead="Day"
          series={[
            { label: "gauge-large", hue: 1, values: [120, 180, null, 90, 210] },
            { label: "gauge-small", hue: 2, values: [60, 40, null, 75, 30] },
            { label: "others", hue: "other", values: [8, 12, null, 4, 9] },
          ]}
          format={formatCount}
          isWhole
          height={180}
        />
      </Shelf>
      <Table />
    </>
  );
}

function Reading(
  { label, figure, unit, kind, points, children }: {
    label: string;
    figure: string;
    unit?: string;
    kind?: string;
    points: readonly (number | null)[];
    children: string;
  },
): VNode {
  return (
    <div class="reading">
      <dt>{label}</dt>
      <dd class="reading-figure">
        {figure}
        {unit !== undefined && <small>{unit}</small>}
      </dd>
      <dd class="delta" data-kind={kind}>{children}</dd>
      <dd class="reading-spark">
        <Spark label="" points={points} />
      </dd>
    </div>
  );
}

function Table(): VNode {
  return (
    <Shelf
      id="style-tables"
      title="Tables and pages"
      note="Figures to the right with one precision a column; on a phone rows become blocks."
    >
      <div
        class="table-wrap"
        role="region"
        tabIndex={0}
        aria-label="Example of a table"
      >
        <table class="table table-stack">
          <thead>
            <tr>
              <th scope="col" aria-sort="descending">
                <button class="sort" type="button">
                  Model
                  <Icon name="down" small />
                </button>
              </th>
              <th scope="col" class="num">Requests</th>
              <th scope="col" class="num">Cost</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">gauge-large</th>
              <td class="num" data-label="Requests">12,001</td>
              <td class="num" data-label="Cost">$31.20</td>
            </tr>
            <tr>
              <th scope="row">gauge-small</th>
              <td class="num" data-label="Requests">6,419</td>
              <td class="num" data-label="Cost">unpriced</td>
            </tr>
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td class="num" data-label="Requests">18,420</td>
              <td class="num" data-label="Cost">$31.20</td>
            </tr>
          </tfoot>
        </table>
      </div>
      <nav class="pager" aria-label="Example of pages">
        <span class="tnum">51 to 100 of 18,420</span>
        <span class="push"></span>
        <a class="btn btn-small" href="#style-tables">Newer</a>
        <a class="btn btn-small" href="#style-tables">Older</a>
      </nav>
    </Shelf>
  );
}
