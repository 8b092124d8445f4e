/** `document.index`: lets a document be found, piece by piece. */
import type { Ingestion, WorkContext } from "@/lib/documents/ingestion.ts";
import {
  type DocumentInput,
  DocumentWork,
  shortName,
} from "./document_work.ts";

export class DocumentIndexing extends DocumentWork {
  readonly kind = "document.index";
  readonly #ingestion: Ingestion;

  constructor(ingestion: Ingestion) {
    super();
    this.#ingestion = ingestion;
  }

  describe({ name }: DocumentInput): string {
    return `Index of “${shortName(name)}”`;
  }

  protected async work(context: WorkContext): Promise<string> {
    return await this.#ingestion.index(context);
  }
}
