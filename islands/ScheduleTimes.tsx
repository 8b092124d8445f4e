import type { VNode } from "preact";
import { useClock } from "@/components/chat/use_clock.ts";
import { NextTimes } from "@/components/schedules/NextTimes.tsx";
import type { Clock } from "@/lib/shared/clock.ts";

/** When a schedule is due next, also as the viewer's clock has it. */
export default function ScheduleTimes(
  { times, timeZone, clock }: {
    times: string[];
    timeZone: string;
    clock: Clock;
  },
): VNode {
  const own = useClock(clock);
  return (
    <NextTimes
      times={times}
      timeZone={timeZone}
      viewerZone={own.timeZone}
      nowMs={clock.nowMs}
    />
  );
}
