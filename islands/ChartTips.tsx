import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  followChart,
  type TipContent,
} from "@/components/charts/follow_chart.ts";

/**
 * What a chart says where the pointer or the keys are, for all charts of the page. It is read from the
 * chart's table, so that nothing is sent twice.
 */
export default function ChartTips(): VNode {
  const [tip, setTip] = useState<TipContent | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => followChart(setTip), []);
  useEffect(() => {
    if (tip !== null && box.current !== null) tip.place(box.current);
  }, [tip]);
  return (
    <div class="chart-tip chart-tip-at" ref={box} hidden={tip === null}>
      {tip !== null && (
        <table>
          <caption>{tip.title}</caption>
          <tbody>
            {tip.rows.map(({ label, value, hue }) => (
              <tr key={label} data-total={label === "Total" ? "" : undefined}>
                <td>
                  {hue !== null && <span class="swatch" data-hue={hue} />}
                  {label}
                </td>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
