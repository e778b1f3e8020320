// Entry of the console's scripts. Every page works without them.

import { installAnswers } from "./answers.js";
import { installDialogs } from "./dialogs.js";
import { installKeys } from "./keys.js";
import { installLive } from "./live.js";
import { setNow, tick } from "./times.js";

setNow(document.body);
tick();
setInterval(tick, 1000);
installDialogs();
installLive();
installKeys();
installAnswers();

// The sentence about what was just done shall not come back with a reload.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  address.searchParams.delete("batch");
  if (address.pathname.startsWith("/rollouts/")) address.searchParams.delete("wave");
  history.replaceState(null, "", address);
}

// Times are shown in the zone of whoever reads them, from the next page on.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`glidepath_zone=${zone}`)) {
  document.cookie = `glidepath_zone=${zone}; Path=/; SameSite=Strict; Max-Age=31536000`;
}

// The menu closes like menus do.
const menu = document.querySelector(".me");
document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
