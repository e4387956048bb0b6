// Beats in a worker, because browsers slow the timers of a hidden tab down to a stop and these less so.
"use strict";
let stopped = false;

const beat = async (address, connection, seconds) => {
  if (stopped) return;
  try {
    const body = new URLSearchParams({ connection });
    const answer = await fetch(address, { method: "POST", body, credentials: "omit", keepalive: true });
    if (answer.ok) {
      const said = await answer.json();
      postMessage(said);
      if (said.ended) stopped = true;
    }
  } catch (fault) {
    // No network: the next beat tries again, and the server bridges short silences.
    postMessage({ offline: String(fault) });
  }
  // Jitter of a sixth, so that a thousand pages opened at the start do not beat as one.
  setTimeout(beat, seconds * (1 + (Math.random() - 0.5) / 3) * 1000, address, connection, seconds);
};

onmessage = (message) => {
  const { address, connection, seconds } = message.data;
  beat(address, connection, seconds);
};
