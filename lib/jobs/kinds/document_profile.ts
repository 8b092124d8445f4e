/** `document.profile`: finds out what a document is, and what is in it. */
import type { Ingestion, WorkContext } from "@/lib/documents/ingestion.ts";
import {
  type DocumentInput,
  DocumentWork,
  shortName,
} from "./document_work.ts";

export class DocumentProfile extends DocumentWork {
  readonly kind = "document.profile";
  readonly #ingestion: Ingestion;

  constructor(ingestion: Ingestion) {
    super();
    this.#ingestion = ingestion;
  }

  describe({ name }: DocumentInput): string {
    return `Profile of “${shortName(name)}”`;
  }

  protected async work(context: WorkContext): Promise<string> {
    return await this.#ingestion.profile(context);
  }
}
