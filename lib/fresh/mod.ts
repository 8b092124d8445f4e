import { h } from "preact";
export const hh = h;
