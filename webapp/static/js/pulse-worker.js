// Beats in a worker, because browsers slow the timers of a hidden tab down to a stop and these less so.
"use strict";
// An End can be taken back for five minutes, so a page that has heard of it asks on for a little longer.
const AFTER_THE_END = 6 * 60 * 1000;
let endedAt = null;

const beat = async (address, connection, seconds) => {
  try {
    const body = new URLSearchParams({ connection });
    const answer = await fetch(address, { method: "POST", body, credentials: "omit", keepalive: true });
    if (answer.ok) {
      const said = await answer.json();
      postMessage(said);
      endedAt = said.ended ? endedAt ?? Date.now() : null;
    }
  } catch (fault) {
    // No network: the next beat tries again, and the server bridges short silences.
    postMessage({ offline: String(fault) });
  }
  if (endedAt !== null && Date.now() - endedAt > AFTER_THE_END) return;
  // Jitter of a sixth, so that a thousand pages opened at the start do not beat as one.
  setTimeout(beat, seconds * (1 + (Math.random() - 0.5) / 3) * 1000, address, connection, seconds);
};

onmessage = (message) => {
  const { address, connection, seconds } = message.data;
  beat(address, connection, seconds);
};
