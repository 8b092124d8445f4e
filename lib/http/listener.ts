/**
 * A listening server that survives running out of descriptors: `Deno.serve` gives up for good when it
 * cannot accept, so another one takes its place, while the streams of the first go on to their ends.
 */

/** How soon another server is tried, in milliseconds. */
const REOPEN_AFTER_MS = 100;

export interface ListenerOptions {
  port: number;
  hostname: string;
  handler: Deno.ServeHandler<Deno.NetAddr>;
  /** The first server listens. */
  onListen: (address: Deno.NetAddr) => void;
  /** Accepting has failed; the place is taken again soon. */
  onLost: (error: unknown) => void;
  /** New connections are taken again. */
  onBack: () => void;
}

export class Listener {
  readonly #options: ListenerOptions;
  #server: Deno.HttpServer<Deno.NetAddr>;
  /** Where the first server listened, which is where the others do; the port may have been 0. */
  #address: Deno.NetAddr | null = null;
  #isLost = false;
  #isClosing = false;
  readonly #ending = new Set<Promise<void>>();

  /** @throws {Deno.errors.AddrInUse} at once when another program listens there */
  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = this.#open(options.port);
  }

  /** Whether new connections cannot be taken at this moment. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Takes no more connections; resolves when all requests have ended. */
  async shutdown(): Promise<void> {
    this.#isClosing = true;
    this.#end(this.#server);
    await Promise.all(this.#ending);
  }

  #open(port: number): Deno.HttpServer<Deno.NetAddr> {
    const { hostname, handler, onListen, onBack } = this.#options;
    const server = Deno.serve({
      port,
      hostname,
      onListen: (address) => {
        if (this.#address === null) onListen(this.#address = address);
        else onBack();
      },
    }, handler);
    server.finished.catch((error) => this.#replace(error));
    return server;
  }

  #replace(error: unknown): void {
    if (this.#isClosing) return;
    this.#isLost = true;
    this.#options.onLost(error);
    // Closes its idle connections, which gives back what there was too little of.
    this.#end(this.#server);
    setTimeout(() => this.#reopen(), REOPEN_AFTER_MS);
  }

  #reopen(): void {
    if (this.#isClosing) return;
    try {
      this.#server = this.#open(this.#address!.port);
      this.#isLost = false;
    } catch {
      // The socket of the server before may not be gone yet, or descriptors are still too few.
      setTimeout(() => this.#reopen(), REOPEN_AFTER_MS);
    }
  }

  #end(server: Deno.HttpServer): void {
    const ended: Promise<void> = server.shutdown().catch(() => {}).finally(
      () => this.#ending.delete(ended),
    );
    this.#ending.add(ended);
  }
}
