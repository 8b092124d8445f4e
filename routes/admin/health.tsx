import { page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import {
  HealthSettings,
  HealthVersions,
} from "@/components/health/HealthFacts.tsx";
import HealthLive from "@/islands/HealthLive.tsx";
import { askedProcess, loadHealth } from "@/lib/http/health_view.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET({ state, url, req }) {
    const [places, report] = await Promise.all([
      loadPlaces(state),
      loadHealth(state.services, url, req.signal),
    ]);
    return page({ ...places, report, process: askedProcess(url) });
  },
});

/** `/admin/health`: how the server does and has done, whether that is well, and what to do if not. */
export default define.page<typeof handler>(function HealthPage({ data }) {
  const { viewer, process, report } = data;
  const { series, versions, settings, ...now } = report;
  return (
    <AdminPage
      viewer={viewer}
      title="Health"
      lede="How the server does at this moment and has done in the last 24 hours, over all its processes."
    >
      <HealthLive now={now} points={series.points} process={process} />
      <section class="health-group" aria-labelledby="versions">
        <div class="section-head">
          <h2 id="versions">Versions</h2>
        </div>
        <HealthVersions versions={versions} />
      </section>
      <section class="health-group" aria-labelledby="settings">
        <div class="section-head">
          <h2 id="settings">Settings in force</h2>
          <span class="unit">Secrets are not shown.</span>
        </div>
        <p class="hint">
          Of the environment, the config file and{" "}
          <a href="/admin/settings">the settings page</a>. What was added on
          pages is shown there: <a href="/admin/providers">providers</a>,{" "}
          <a href="/admin/prices">prices</a>, <a href="/admin/limits">limits</a>
          {" "}
          and <a href="/admin/budgets">budgets</a>.
        </p>
        <HealthSettings settings={settings} />
      </section>
    </AdminPage>
  );
});
