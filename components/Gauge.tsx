import type { VNode } from "preact";

export interface GaugeProps {
  /** What it shows, in words. */
  label: string;
  /** How much of it, in words: "4 of 60". */
  value: string;
  /** From 0 to 1, or beyond. */
  level: number;
}

/** From here on it is nearly full. */
const WARN_LEVEL = 0.8;

/** Ticks stand at each tenth; those at the ends and in the middle are longer. */
const TICKS = Array.from({ length: 11 }, (_, index) => index);

/** A staff gauge: a level against a scale, with its words above it. */
export function Gauge({ label, value, level }: GaugeProps): VNode {
  const percent = Math.min(Math.max(Math.round(level * 100), 0), 100);
  const kind = level >= 1 ? "bad" : level >= WARN_LEVEL ? "warn" : undefined;
  return (
    <div class="metered">
      <span>{label}</span>
      <span class="tnum">{value}</span>
      <svg
        class="gauge"
        data-kind={kind}
        role="meter"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={value}
      >
        <rect class="gauge-bed" y="1" width="100%" height="6" />
        <rect class="gauge-fill" y="1" width={`${percent}%`} height="6" />
        {TICKS.map((tick) => (
          <line
            key={tick}
            x1={`${tick * 10}%`}
            x2={`${tick * 10}%`}
            y1="9"
            y2={tick % 5 === 0 ? "14" : "12"}
          />
        ))}
      </svg>
    </div>
  );
}
