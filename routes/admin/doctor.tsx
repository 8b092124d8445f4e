import { page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { Icon } from "@/components/Icon.tsx";
import Doctor from "@/islands/Doctor.tsx";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET({ state }) {
    const { publicUrl } = state.services.config;
    return page({
      ...await loadPlaces(state),
      // What a request says it was sent to may be made up.
      address: publicUrl ?? "http://127.0.0.1:8000",
    });
  },
});

/** `/admin/doctor`: whether something between this browser and the server collects, compresses or cuts streams. */
export default define.page<typeof handler>(function DoctorPage({ data }) {
  const { viewer, address } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Stream doctor"
      lede="Looks from this browser at the way to the server: whether something between collects, compresses or cuts streams, and what to change in nginx, Caddy, Cloudflare or Traefik. It takes about 12 s."
    >
      <noscript>
        <div class="callout">
          <Icon name="alert" />
          <p>
            <strong>This browser runs no scripts, so it cannot look.</strong>
            {" "}
            The command below can.
          </p>
        </div>
      </noscript>
      <Doctor />
      <section
        class="section doctor-elsewhere"
        aria-labelledby="elsewhere"
      >
        <h2 id="elsewhere">From elsewhere</h2>
        <p class="soft">
          Proxies differ by where one comes from. The same from a command line,
          without a browser:
        </p>
        <figure class="code">
          <pre tabIndex={0}><code>{`deno task doctor ${address}`}</code></pre>
        </figure>
        <p class="soft">
          All settings of all four are in the guide{" "}
          <a href="/docs/doctor">Behind a proxy</a>.
        </p>
      </section>
    </AdminPage>
  );
});
