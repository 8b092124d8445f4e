import { withGlobal } from "@sinonjs/fake-timers";
export const z = withGlobal;
