import prefresh from "@prefresh/vite";
export const x = prefresh;
import * as vite from "vite";
export const v = vite.version;
