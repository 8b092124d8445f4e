import type { ComponentChildren, VNode } from "preact";
import type { Schedule } from "@/lib/shared/wire.ts";

export type ScheduleAction = "pause" | "resume" | "run";

export interface ScheduleActsProps {
  schedule: Pick<Schedule, "id" | "name" | "paused">;
  /** Page to come back to from a form. */
  back: string;
  isBusy?: boolean;
  onAct?: (id: string, action: ScheduleAction) => void;
}

/** The switch of a schedule and the button that runs it now. Both are forms, so that they work without a script. */
export function ScheduleActs(props: ScheduleActsProps): VNode {
  const { schedule: { name, paused }, isBusy } = props;
  const isOn = paused === null;
  return (
    <div class="btn-row schedule-acts">
      <ActForm {...props} action="run">
        <button
          class="btn btn-small"
          type="submit"
          aria-label={`Run now: ${name}`}
          aria-busy={isBusy ? "true" : undefined}
        >
          Run now
        </button>
      </ActForm>
      <ActForm {...props} action={isOn ? "pause" : "resume"}>
        <button
          class="switch"
          type="submit"
          role="switch"
          aria-checked={isOn ? "true" : "false"}
          aria-label={`Goes on: ${name}`}
          title={isOn ? "Pause" : "Resume"}
        />
      </ActForm>
    </div>
  );
}

function ActForm(
  { schedule: { id }, back, action, onAct, children }: ScheduleActsProps & {
    action: ScheduleAction;
    children: ComponentChildren;
  },
): VNode {
  return (
    <form
      method="post"
      action="/schedules"
      onSubmit={(event) => {
        if (onAct === undefined) return;
        event.preventDefault();
        onAct(id, action);
      }}
    >
      <input type="hidden" name="action" value={action} />
      <input type="hidden" name="id" value={id} />
      <input type="hidden" name="back" value={back} />
      {children}
    </form>
  );
}
