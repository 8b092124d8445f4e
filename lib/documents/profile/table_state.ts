/** What is known of a table while rows come: it can be stored, and gone on with from there. */
import type {
  BrokenLine,
  TableProfile,
} from "@/lib/shared/documents/profile_wire.ts";
import { pack, unpack } from "../engine/carried.ts";
import { profileColumn } from "./column_profile.ts";
import {
  addCell,
  type ColumnBounds,
  type ColumnState,
  newColumn,
} from "./column_state.ts";
import { StoredRandom } from "./reservoir.ts";
import { SeenRows } from "./seen_rows.ts";

/** Columns that are profiled; more are counted. */
export const MAX_PROFILED_COLUMNS = 500;
/** Kept of all columns together, and of one at most. */
const ALL_VALUES = 40_000;
const MOST_VALUES = 1_000;
const ALL_SAMPLES = 60_000;
const MOST_SAMPLES = 2_000;
const LEAST_KEPT = 20;

const SAMPLE_ROWS = 5;
const SAMPLE_CELL_CHARACTERS = 80;
const BROKEN_EXAMPLES = 5;
/** Longest name of a column that is kept, in UTF-16 code units. */
const MAX_NAME_CHARACTERS = 120;

/** What of the state is JSON; the hashes of rows go beside it. */
interface Plain {
  columns: (Omit<ColumnState, "counts"> & { counts: [string, number][] })[];
  columnCount: number;
  rows: number;
  duplicates: number;
  isCompared: boolean;
  unevenRows: number;
  brokenLines: number;
  broken: BrokenLine[];
  brokenCharacters: number;
  sample: string[][];
  random: number;
}

const SEED = 0x5eed;

export class TableState {
  #columns: ColumnState[] = [];
  /** Place of each column, where cells come by name. */
  readonly #places = new Map<string, number>();
  #columnCount = 0;
  #rows = 0;
  #duplicates = 0;
  #isCompared = true;
  #unevenRows = 0;
  #brokenLines = 0;
  readonly #broken: BrokenLine[] = [];
  #brokenCharacters = 0;
  readonly #sample: string[][] = [];
  readonly #random: StoredRandom;
  readonly #seen: SeenRows;
  #bounds: ColumnBounds = { values: MOST_VALUES, sample: MOST_SAMPLES };

  private constructor(random: number, seen: SeenRows) {
    this.#random = new StoredRandom(random);
    this.#seen = seen;
  }

  static empty(): TableState {
    return new TableState(SEED, new SeenRows());
  }

  get rows(): number {
    return this.#rows;
  }

  get names(): readonly string[] {
    return this.#columns.map(({ name }) => name);
  }

  /** Names the columns, of which there are none yet. */
  nameColumns(names: readonly string[]): void {
    this.#columnCount = names.length;
    for (const name of names.slice(0, MAX_PROFILED_COLUMNS)) {
      this.#addColumn(name.trim());
    }
  }

  /** A row by the places of its cells. */
  addRow(cells: readonly string[]): void {
    if (this.#columns.length === 0) {
      this.nameColumns(cells.map((_, index) => `Column ${index + 1}`));
    }
    if (cells.length !== this.#columnCount) this.#unevenRows += 1;
    this.#countRow(cells);
    const profiled = Math.min(cells.length, this.#columns.length);
    for (let at = 0; at < profiled; at += 1) {
      addCell(this.#columns[at], cells[at], this.#bounds, this.#random);
    }
  }

  /** A row by the names of its cells. */
  addNamed(cells: readonly (readonly [name: string, cell: string])[]): void {
    this.#countRow(cells.flatMap(([name, cell]) => [name, cell]), false);
    for (const [name, cell] of cells) {
      const key = name.slice(0, MAX_NAME_CHARACTERS);
      let place = this.#places.get(key);
      if (place === undefined) {
        this.#columnCount += 1;
        if (this.#columns.length === MAX_PROFILED_COLUMNS) continue;
        place = this.#addColumn(name);
      }
      addCell(this.#columns[place], cell, this.#bounds, this.#random);
    }
    if (this.#sample.length < SAMPLE_ROWS) {
      const byName = new Map(cells);
      this.#sample.push(
        this.#columns.map(({ name }) => cut(byName.get(name) ?? "")),
      );
    }
  }

  addBroken(line: BrokenLine): void {
    this.#brokenLines += 1;
    if (this.#broken.length < BROKEN_EXAMPLES) this.#broken.push(line);
  }

  addBrokenCharacters(count: number): void {
    this.#brokenCharacters += count;
  }

  profile(
    about: Pick<TableProfile, "encoding" | "delimiter" | "hasHeader">,
  ): TableProfile {
    return {
      kind: "table",
      rows: this.#rows,
      columnCount: this.#columnCount,
      columns: this.#columns.map((column) => profileColumn(column, this.#rows)),
      duplicates: {
        rows: this.#duplicates,
        isExact: this.#isCompared,
        compared: this.#seen.size,
      },
      unevenRows: this.#unevenRows,
      broken: { lines: this.#brokenLines, examples: [...this.#broken] },
      brokenCharacters: this.#brokenCharacters,
      ...about,
      sample: this.#sample.map((row) => [...row]),
    };
  }

  encode(): Uint8Array<ArrayBuffer> {
    const plain: Plain = {
      columns: this.#columns.map((column) => ({
        ...column,
        counts: [...column.counts],
      })),
      columnCount: this.#columnCount,
      rows: this.#rows,
      duplicates: this.#duplicates,
      isCompared: this.#isCompared,
      unevenRows: this.#unevenRows,
      brokenLines: this.#brokenLines,
      broken: this.#broken,
      brokenCharacters: this.#brokenCharacters,
      sample: this.#sample,
      random: this.#random.state,
    };
    return pack(plain, new Uint8Array(this.#seen.hashes().buffer));
  }

  static decode(bytes: Uint8Array): TableState {
    const { json: plain, rest } = unpack<Plain>(bytes);
    // A copy, since numbers begin at a multiple of their size.
    const hashes = new Float64Array(rest.slice().buffer);
    const state = new TableState(plain.random, new SeenRows(hashes));
    state.#columns = plain.columns.map((column) => ({
      ...column,
      counts: new Map(column.counts),
    }));
    for (const [place, { name }] of state.#columns.entries()) {
      state.#places.set(name, place);
    }
    state.#columnCount = plain.columnCount;
    state.#rows = plain.rows;
    state.#duplicates = plain.duplicates;
    state.#isCompared = plain.isCompared;
    state.#unevenRows = plain.unevenRows;
    state.#brokenLines = plain.brokenLines;
    state.#broken.push(...plain.broken);
    state.#brokenCharacters = plain.brokenCharacters;
    state.#sample.push(...plain.sample);
    state.#rebound();
    return state;
  }

  #countRow(cells: readonly string[], isShown = true): void {
    this.#rows += 1;
    const before = this.#seen.size;
    if (this.#seen.add(cells)) this.#duplicates += 1;
    else if (this.#seen.size === before) this.#isCompared = false;
    if (isShown && this.#sample.length < SAMPLE_ROWS) {
      this.#sample.push(cells.slice(0, MAX_PROFILED_COLUMNS).map(cut));
    }
  }

  #addColumn(name: string): number {
    const place = this.#columns.length;
    const shown = name.slice(0, MAX_NAME_CHARACTERS) || `Column ${place + 1}`;
    this.#columns.push(newColumn(shown));
    this.#places.set(shown, place);
    this.#rebound();
    return place;
  }

  /** The more columns there are, the less is kept of each. */
  #rebound(): void {
    const share = (all: number, most: number) =>
      Math.max(
        LEAST_KEPT,
        Math.min(most, Math.floor(all / Math.max(1, this.#columns.length))),
      );
    this.#bounds = {
      values: share(ALL_VALUES, MOST_VALUES),
      sample: share(ALL_SAMPLES, MOST_SAMPLES),
    };
  }
}

function cut(cell: string): string {
  return cell.length > SAMPLE_CELL_CHARACTERS
    ? `${cell.slice(0, SAMPLE_CELL_CHARACTERS)}…`
    : cell;
}
