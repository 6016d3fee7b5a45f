// Follows an open study without reloading; the page says the same, and refreshes, without this file.
(() => {
  const place = document.querySelector("[data-events]");
  if (!place || !("EventSource" in window)) return;
  const source = new EventSource(place.dataset.events);
  let first = true;
  source.onmessage = (event) => {
    const now = JSON.parse(event.data);
    if (!first || now.status !== place.dataset.status || String(now.round) !== place.dataset.round) {
      source.close();
      window.location.reload();
      return;
    }
    first = false;
    if (now.over) source.close();
  };
})();
