/** Which models there are and who serves them. */
import { type Clock, systemClock } from "@/lib/clock.ts";
import type { ProviderSettings } from "@/lib/config.ts";
import type { BreakerSettings, RouteSettings } from "@/lib/config/routes.ts";
import { AppError } from "@/lib/errors.ts";
import { DEMO_MODEL, DemoProvider } from "@/lib/llm/demo/provider.ts";
import {
  type LiveProvider,
  LiveProviders,
  upstreamOf,
} from "@/lib/llm/live_providers.ts";
import { chooseDefault, isChatModel } from "@/lib/llm/model_names.ts";
import { modelNotFound, switchedOff } from "@/lib/llm/model_refusals.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import { PlannedProvider } from "@/lib/llm/routing/planned_provider.ts";
import type { RoutePlan } from "@/lib/llm/routing/route_plan.ts";
import { Routing } from "@/lib/llm/routing/routing.ts";
import type { TargetName, Upstream } from "@/lib/llm/routing/target.ts";
import type { ModelInfo, Provider } from "@/lib/llm/types.ts";
import { waitAtMost } from "@/lib/llm/wait_at_most.ts";

export interface ModelRegistryOptions {
  /** In the order of the settings; the first serves new threads. */
  providers: ProviderSettings[];
  /** Id of the provider whose models go by their plain names too, or null. */
  defaultProvider: string | null;
  /** Serves `freshet/demo` while no provider is configured. */
  demo?: Provider;
  /** Names that lead to several models; none by default. */
  routes?: RouteSettings[];
  breaker?: BreakerSettings;
  /** Deadlines of models that are asked by their own names. */
  timeoutsMs?: Partial<TimeoutsMs>;
  /** Attempts after the first, for the same; 2 by default. */
  retries?: number;
  /** For waits and breakers. */
  clock?: Clock;
  /** From 0 (included) to 1 (excluded). */
  random?: () => number;
  /** Milliseconds that never go back; for the age of lists. */
  now?: () => number;
}

export interface ResolvedModel {
  /** Answers along the plan. Its id is that of the first target's provider. */
  provider: Provider;
  /** The first target's own name of the model. */
  model: string;
  /** Who may answer, and how they are asked. */
  plan: RoutePlan;
  /** The name that was asked for. */
  id: string;
}

/** A route, and whether callers may use it. */
export interface LiveRoute {
  settings: RouteSettings;
  isDisabled: boolean;
}

/** The provider of routes in lists of models. */
export const ROUTES = "route";

/** How long a request waits for lists of models. */
const FIRST_LIST_MS = 5000;

/** What a provider serves, as far as it says so. */
export interface ListedProvider {
  provider: string;
  /** False: it gave no list now. */
  isListed: boolean;
  /** Its own names. */
  models: string[];
}

export class ModelRegistry {
  private readonly providers: LiveProviders;
  private routes: readonly LiveRoute[];
  private readonly closing = new AbortController();
  private readonly demo: Provider;
  private readonly demoUpstream: Upstream;
  /** How all targets are doing. */
  readonly routing: Routing;

  constructor(private readonly options: ModelRegistryOptions) {
    const clock = options.clock ?? systemClock;
    this.routing = new Routing(options);
    this.demo = options.demo ?? new DemoProvider();
    this.demoUpstream = upstreamOf(this.demo, Infinity, clock);
    this.providers = new LiveProviders({
      clock,
      timeoutsMs: options.timeoutsMs,
      closing: this.closing.signal,
      now: options.now ?? (() => performance.now()),
      onGone: (upstream) => this.routing.forget(upstream),
    });
    this.routes = (options.routes ?? [])
      .map((settings) => ({ settings, isDisabled: false }));
    for (const settings of options.providers) this.add(settings);
  }

  /**
   * Takes providers and routes in place of those that were there. From then on new answers are asked of
   * these alone; answers that have begun, also those that wait for a connection, end where they began.
   */
  hold(
    providers: readonly LiveProvider[],
    routes: readonly LiveRoute[],
  ): void {
    this.providers.hold(providers);
    this.routes = routes;
  }

  /** Adds a provider, or replaces the one of the same id; streams that it serves go on. */
  add(settings: ProviderSettings): void {
    this.providers.add({ settings, state: "active" });
  }

  /** Forgets a provider; streams that it serves go on. */
  remove(id: string): void {
    this.providers.remove(id);
  }

  /** Whether there is a provider of this id. */
  has(id: string): boolean {
    return this.providers.find(id) !== undefined;
  }

  /** The provider whose models go by their plain names too, or null. */
  get defaultProvider(): string | null {
    return this.options.defaultProvider;
  }

  /**
   * What a provider is known to serve, by its own names; null: any name may be right, or nobody has asked
   * it. It is not asked now.
   */
  namesAt(provider: string): readonly string[] | null {
    return this.providers.find(provider)?.list.names ?? null;
  }

  /** Connections of a provider, all its models together; null: there is no such provider. */
  connectionsOf(
    provider: string,
  ): { open: number; inUse: number; waiting: number } | null {
    const entry = this.providers.find(provider);
    if (entry === undefined) return null;
    const { inUse, waiting } = entry.upstream.slots;
    return { open: entry.client.openSockets, inUse, waiting };
  }

  /** Asks every provider anew what it serves; one that gives no list keeps the one it had. */
  async refreshLists(): Promise<ListedProvider[]> {
    const asked = [...this.providers.allAsked()];
    return await Promise.all(asked.map(async ([id, { list }]) => ({
      provider: id,
      isListed: await list.refreshNow(),
      models: [...list.names ?? []],
    })));
  }

  /**
   * All models by the names that callers use: routes, the default provider's by their plain names, then
   * every model as `<provider>/<model>`. Waits up to 5 s for lists that were never there; a provider that is
   * down holds nothing else up.
   */
  async list(signal: AbortSignal): Promise<ModelInfo[]> {
    await this.refresh(signal);
    if (this.providers.size === 0) return [DEMO_MODEL];
    const plain: ModelInfo[] = [];
    const qualified: ModelInfo[] = [];
    for (const [id, { list }] of this.providers.allAsked()) {
      for (const model of list.names ?? []) {
        const name = `${id}/${model}`;
        if (id === this.options.defaultProvider) {
          plain.push({ id: model, provider: id, model, label: model });
        }
        qualified.push({ id: name, provider: id, model, label: name });
      }
    }
    const seen = new Set<string>();
    return [...this.listRoutes(), ...plain, ...qualified].filter(({ id }) =>
      !seen.has(id) && seen.add(id)
    );
  }

  /**
   * The provider of a name, by what is known now. A provider whose list is not known takes any name.
   * @throws {AppError} 404 `model_not_found`
   */
  resolve(name: string): ResolvedModel {
    const found = this.lookUp(name);
    if (found === null) throw this.missing(name);
    return found;
  }

  /**
   * The names by which a model can be asked, the one that it is listed by first, then the one with its provider, and the
   * provider's own. A route has the one it has; so has what nobody serves.
   */
  namesOf(name: string): readonly [string, ...string[]] {
    const target = this.routeOf(name) === undefined
      ? this.targetOf(name)
      : null;
    if (target === null) return [name];
    const { provider, model } = target;
    const qualified = `${provider}/${model}`;
    return provider === this.options.defaultProvider
      ? [model, qualified]
      : [qualified, model];
  }

  /**
   * What a name leads to, by what is known now: the id of a route, `<provider>/<model>`, or the name itself
   * where nobody is known to serve it.
   */
  destinationOf(name: string): string {
    if (this.routeOf(name) !== undefined) return name;
    const target = this.targetOf(name);
    return target === null ? name : `${target.provider}/${target.model}`;
  }

  /**
   * As `resolve`, but waits up to 5 s for lists that were never there, and asks again for a list that
   * lacks the name: a model may have been pulled a moment ago.
   * @throws {AppError} 404 `model_not_found`
   */
  async find(name: string, signal: AbortSignal): Promise<ResolvedModel> {
    // A route is known without any list, and has its ways where a provider is down.
    if (this.routeOf(name) !== undefined) return this.resolve(name);
    await this.refresh(signal);
    const known = this.lookUp(name);
    if (known !== null) return known;
    const lists = [...this.providers.allAsked()].map(([, { list }]) => list);
    const asked = Promise.all(lists.map((list) => list.refreshForMissing()));
    await waitAtMost(FIRST_LIST_MS, signal, asked);
    return this.resolve(name);
  }

  /**
   * Name of the model that a new thread uses: one of the first provider that has any.
   * @throws {AppError} 503 `no_model` when no provider says what it serves
   */
  async defaultModel(signal: AbortSignal): Promise<string> {
    await this.refresh(signal);
    if (this.providers.size === 0) return DEMO_MODEL.id;
    for (const [id, { list }] of this.providers.allAsked()) {
      const model = chooseDefault(list.names ?? []);
      if (model === null) continue;
      return id === this.options.defaultProvider ? model : `${id}/${model}`;
    }
    throw new AppError({
      status: 503,
      code: "no_model",
      message:
        "No provider says which models it serves. Check that the provider is running, or name a model yourself.",
      retryable: true,
    });
  }

  /**
   * What a picker offers: the models that chat, each by one name, and the one a new thread starts with (null while no
   * provider says what it serves). Waits as `list` does.
   */
  async choices(
    signal: AbortSignal,
  ): Promise<{ models: ModelInfo[]; defaultModel: string | null }> {
    const [all, chosen] = await Promise.all([
      this.list(signal),
      this.defaultModel(signal).catch((error) => {
        if (error instanceof AppError && error.code === "no_model") return null;
        throw error;
      }),
    ]);
    const seen = new Set<string>();
    const models = all.filter(({ id, model, provider }) => {
      const served = `${provider}/${model}`;
      if (seen.has(served)) return false;
      seen.add(served);
      return isChatModel(model) || id === chosen;
    });
    return { models, defaultModel: chosen };
  }

  /**
   * Asks the provider of a target for what comes in one piece, embeddings for example.
   * @param path behind the provider's base URL, for example `/embeddings`
   * @param timeoutMs for the whole call
   * @returns the parsed body
   * @throws {ProviderError}; {AppError} 404 `model_not_found` for a provider that is not there any more, or
   *   has nothing but chats
   */
  async post(
    { provider, model }: TargetName,
    path: string,
    body: Record<string, unknown>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<Record<string, unknown>> {
    const entry = this.providers.find(provider);
    if (entry === undefined) throw modelNotFound(model);
    return await entry.client.post(path, body, signal, timeoutMs);
  }

  /** Sockets to providers that are open, the idle ones included. */
  get openSockets(): number {
    return this.providers.openSockets;
  }

  /** Closes the idle sockets. */
  closeIdle(): void {
    this.providers.closeIdle();
  }

  /** Closes all sockets. */
  close(): void {
    this.closing.abort();
    this.providers.close();
  }

  private refresh(signal: AbortSignal): Promise<void> {
    const entries = [...this.providers.allAsked()];
    const lists = Promise.all(entries.map(([, { list }]) => list.refresh()));
    return waitAtMost(FIRST_LIST_MS, signal, lists);
  }

  /** Routes whose targets are there. */
  private listRoutes(): ModelInfo[] {
    return this.routes
      .filter(({ settings, isDisabled }) =>
        !isDisabled &&
        settings.targets.some(({ provider }) =>
          this.providers.asked(provider) !== undefined
        )
      )
      .map(({ settings: { id } }) => ({
        id,
        provider: ROUTES,
        model: id,
        label: id,
      }));
  }

  private lookUp(name: string): ResolvedModel | null {
    const route = this.routeOf(name);
    if (route !== undefined) return this.takeRoute(route);
    if (this.providers.size === 0) {
      return name === DEMO_MODEL.id
        ? this.single(name, this.demoUpstream, DEMO_MODEL.model, this.demo)
        : null;
    }
    const target = this.targetOf(name);
    if (target === null) return null;
    const { upstream, client } = this.providers.find(target.provider)!;
    return this.single(name, upstream, target.model, client);
  }

  /** Who serves a name that is no route's; null: nobody. */
  private targetOf(name: string): TargetName | null {
    const slash = name.indexOf("/");
    if (slash >= 0) {
      const provider = name.slice(0, slash);
      const model = name.slice(slash + 1);
      if (this.serves(provider, model)) return { provider, model };
    }
    // Names of the default provider may hold a slash themselves, as OpenRouter's do.
    const { defaultProvider } = this.options;
    return defaultProvider !== null && this.serves(defaultProvider, name)
      ? { provider: defaultProvider, model: name }
      : null;
  }

  private serves(provider: string, model: string): boolean {
    const entry = this.providers.asked(provider);
    if (entry === undefined || model === "") return false;
    return entry.list.mayHave(model);
  }

  private single(
    id: string,
    upstream: Upstream,
    model: string,
    provider: Provider,
  ): ResolvedModel {
    const plan = this.routing.single(id, upstream, model);
    return { provider: new PlannedProvider(plan, provider), model, plan, id };
  }

  /** Why a name leads nowhere. */
  private missing(name: string): AppError {
    const route = this.routeOf(name);
    if (route !== undefined) {
      return switchedOff(
        name,
        route.isDisabled ? "this route" : "every provider of this route",
      );
    }
    const slash = name.indexOf("/");
    const provider = slash < 0 ? this.defaultProvider : name.slice(0, slash);
    if (provider === null) return modelNotFound(name);
    const isOff = this.has(provider) &&
      this.providers.asked(provider) === undefined;
    return isOff
      ? switchedOff(name, `the provider "${provider}"`)
      : modelNotFound(name);
  }

  private routeOf(name: string): LiveRoute | undefined {
    return this.routes.find(({ settings }) => settings.id === name);
  }

  private takeRoute(
    { settings, isDisabled }: LiveRoute,
  ): ResolvedModel | null {
    if (isDisabled) return null;
    const plan = this.routing.route(
      settings,
      (id) => this.providers.asked(id)?.upstream ?? null,
    );
    if (plan === null) return null;
    const [{ provider, model }] = plan.targets;
    const first = this.providers.find(provider)!.client;
    const planned = new PlannedProvider(plan, first);
    return { provider: planned, model, plan, id: settings.id };
  }
}
