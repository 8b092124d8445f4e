import { define } from "@/utils.ts";
export default define.page(function Home() {
  return (
    <main>
      <h1>What would you like to know?</h1>
    </main>
  );
});
