/** Gathers rows of a table into chunks, each cell with the name of its column. */
import { type Chunk, CHUNK_CHARACTERS } from "./chunk.ts";

/** What is stored between two pieces; JSON. */
export interface RowChunkerState {
  current: string;
  /** First row in `current`, and the one that comes next, from 1. */
  from: number;
  next: number;
}

/** What of a cell and of a row can be found, in UTF-16 code units. */
const MAX_CELL_CHARACTERS = 300;
const MAX_ROW_CHARACTERS = CHUNK_CHARACTERS;

export function newRowChunker(): RowChunkerState {
  return { current: "", from: 1, next: 1 };
}

export function addRow(
  state: RowChunkerState,
  cells: readonly (readonly [name: string, cell: string])[],
): Chunk[] {
  const row = cells.filter(([, cell]) => cell.trim() !== "")
    .map(([name, cell]) => `${name}: ${short(cell)}`)
    .join("; ").slice(0, MAX_ROW_CHARACTERS).toWellFormed();
  const isFull = state.current !== "" &&
    state.current.length + row.length > CHUNK_CHARACTERS;
  const chunks = isFull ? endRows(state) : [];
  state.current += `${row}\n`;
  state.next += 1;
  return chunks;
}

export function endRows(state: RowChunkerState): Chunk[] {
  const { current, from, next } = state;
  state.current = "";
  state.from = next;
  const text = current.trim();
  if (text === "") return [];
  const place = { from, to: next - 1, page: null, heading: null };
  return [{ text, place }];
}

function short(cell: string): string {
  const flat = cell.replace(/\s+/g, " ").trim();
  return flat.length > MAX_CELL_CHARACTERS
    ? `${flat.slice(0, MAX_CELL_CHARACTERS).toWellFormed()}…`
    : flat;
}
