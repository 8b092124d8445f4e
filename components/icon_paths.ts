/** The icons in use: strokes on a 20 x 20 field, 1.5 px, round caps. Own drawings. */
export const ICON_PATHS = {
  alert: "M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.3v.01",
  check: "m4 10.5 4 4 8-9",
  clock: "M3 10a7 7 0 1 0 14 0a7 7 0 1 0-14 0M10 6v4l2.7 1.8",
  close: "m5 5 10 10M15 5 5 15",
  copy: "M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4",
  down: "m5 8 5 5 5-5",
  drop: "M10 3c3 3.6 4.75 6 4.75 8.7a4.75 4.75 0 0 1-9.5 0C5.25 9 7 6.6 10 3z",
  edit: "m12.5 4.5 3 3L7 16l-3.5.5L4 13z",
  folder: "M2.5 5h5l1.5 2h8.5v9h-15z",
  groups:
    "M7.75 5.5a2.25 2.25 0 1 0 4.5 0a2.25 2.25 0 1 0-4.5 0M2.75 14a2.25 2.25 0 1 0 4.5 0a2.25 2.25 0 1 0-4.5 0M12.75 14a2.25 2.25 0 1 0 4.5 0a2.25 2.25 0 1 0-4.5 0",
  image:
    "M3 4h14v12H3zM3 13l4-4 3.5 3.5L13 10l4 4M12 7.3a1 1 0 1 0 2 0a1 1 0 1 0-2 0",
  jobs: "M3.5 4.5h13v3.5h-13zM3.5 12h8v3.5h-8zM14.5 12v3.5",
  key: "M3.5 13.5a3 3 0 1 0 6 0a3 3 0 1 0-6 0M8.7 11.3l7.8-7.8M13 7l2.5 2.5",
  left: "m12 5-5 5 5 5",
  menu: "M3 6h14M3 10h14M3 14h9",
  more: "M4 10h1M9.5 10h1M15 10h1",
  pause: "M7 5v10M13 5v10",
  people:
    "M4.75 7a2.75 2.75 0 1 0 5.5 0a2.75 2.75 0 1 0-5.5 0M2.5 16.5c.3-3 2.2-4.5 5-4.5s4.7 1.5 5 4.5M13 4.6a2.75 2.75 0 0 1 0 4.8M15 12.4c1.6.7 2.4 2 2.5 4.1",
  pin: "M7 3.5h6M8 3.5v5l-2.5 3h9l-2.5-3v-5M10 11.5v5",
  plus: "M10 4v12M4 10h12",
  retry: "M16 10a6 6 0 1 1-1.9-4.4L16 7.5M16 3.5v4h-4",
  right: "m8 5 5 5-5 5",
  search:
    "M3.5 8.75a5.25 5.25 0 1 0 10.5 0a5.25 5.25 0 1 0-10.5 0M12.75 12.75l4 4",
  send: "M10 16.5v-13M4.5 9 10 3.5 15.5 9",
  settings:
    "M3.5 6.5h7M14.5 6.5h2M3.5 13.5h2M9.5 13.5h7M10.5 6.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M5.5 13.5a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  stop:
    "M6.5 5.5h7a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
  tasks: "M3.5 3.5h13v13h-13zM6.5 10.2l2.3 2.3 4.7-5",
  trash: "M3.5 5.5h13M7.5 5.5v-2h5v2M5 5.5l.8 11h8.4l.8-11",
  gauge: "M6 2.5v15M6 4h8M6 7h4M6 10h8M6 13h4M6 16h8",
  usage: "M3.5 16.5h13M5.5 16.5V11M10 16.5V4M14.5 16.5V8",
  wrap: "M3.5 5h13M3.5 10h10.5a2.5 2.5 0 0 1 0 5H10M12 13l-2 2 2 2M3.5 15h3",
} as const;

export type IconName = keyof typeof ICON_PATHS;

/** The mark, on a 24 x 24 field: a staff gauge that stands in moving water. */
export const MARK_PATHS = [
  "M7 19.5V4M7 4h11M7 10.5h7",
  "M3 19.5c2-1.8 4-1.8 6 0s4 1.8 6 0 4-1.8 6 0",
] as const;
