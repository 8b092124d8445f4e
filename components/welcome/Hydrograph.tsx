import type { VNode } from "preact";

/** The water level of a spring flood: up fast, down slowly. */
const CURVE =
  "M0,168C10 167.7 41.7 165.7 60 166C78.3 166.3 93.3 171 110 170C126.7 169 144.2 161.2 160 160C175.8 158.8 190 164.7 205 163C220 161.3 234.2 153.8 250 150C265.8 146.2 285 145.3 300 140C315 134.7 328 130.3 340 118C352 105.7 362.7 80 372 66C381.3 52 388.3 40 396 34C403.7 28 409.7 27 418 30C426.3 33 434 43 446 52C458 61 474.3 75.3 490 84C505.7 92.7 521.7 98.3 540 104C558.3 109.7 580 114.3 600 118C620 121.7 640 124 660 126C680 128 696.7 128.7 720 130C743.3 131.3 786.7 133.3 800 134";

/** Heights of the scale's ticks; every fifth is a long one. */
const TICKS = Array.from({ length: 21 }, (_, index) => 10 + index * 10);

/** The one picture of the house: first run and sign-in, nowhere else. */
export function Hydrograph(): VNode {
  return (
    <svg
      class="hydro"
      viewBox="0 0 800 220"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="below" d={`${CURVE}V220H0z`} />
      <path class="water" d={CURVE} />
      {TICKS.map((y, index) => (
        <line key={y} x1="0" x2={index % 5 === 0 ? 14 : 7} y1={y} y2={y} />
      ))}
    </svg>
  );
}
